"""Summary of a library: its entries, its features and its values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_ifealid.libraries import features_in_words, read_library
from napari_ifealid.plain_text import one_line

_LISTED = 10  # names


@dataclass(frozen=True)
class LibrarySummary:
    """Summary of a library.

    Parameters
    ----------
    name : str
    entry_names : list of str
        In the library's order.
    feature_labels : list of (str or float)
    minimum, maximum : float or None
        Of all finite values; None if there are none.
    nonfinite_entries : int
        How many entries hold a NaN or an infinity.
    """

    name: str
    entry_names: list[str]
    feature_labels: list[str | float]
    minimum: float | None
    maximum: float | None
    nonfinite_entries: int


def summarise_library(path: Path) -> LibrarySummary:
    """Return the summary of a library's file.

    Raises
    ------
    DatasetError
        If the file can't be read.
    """
    library = read_library(path)
    vectors = library.vectors
    is_finite = np.isfinite(vectors)
    known = vectors[is_finite]
    return LibrarySummary(
        name=library.name,
        entry_names=[entry.name for entry in library.entries],
        feature_labels=list(library.features),
        minimum=float(known.min()) if known.size else None,
        maximum=float(known.max()) if known.size else None,
        nonfinite_entries=int((~is_finite.all(axis=1)).sum()),
    )


def library_lines(summary: LibrarySummary) -> Iterator[tuple[str, str]]:
    """Yield what there is to tell of a library, and its name."""
    names, more = summary.entry_names[:_LISTED], len(summary.entry_names) - _LISTED
    yield "name", one_line(summary.name)
    yield "entries", str(len(summary.entry_names))
    yield "features", features_in_words(summary.feature_labels)
    if summary.minimum is not None:
        yield "values", f"{summary.minimum:.6g} to {summary.maximum:.6g}"
    if summary.nonfinite_entries:
        yield "not finite", f"{summary.nonfinite_entries} entries with a NaN or an infinity"
    if names:
        yield "named", ", ".join(map(one_line, names)) + (f" and {more} more" if more > 0 else "")
