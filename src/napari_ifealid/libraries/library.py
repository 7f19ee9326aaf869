"""A library: entries that share their features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError
from napari_ifealid.libraries.entry import LibraryEntry


@dataclass(frozen=True, eq=False)
class Library:
    """Entries that share their features.

    Parameters
    ----------
    entries : sequence of LibraryEntry
        In the user's order.
    labels : sequence of str or float, optional
        A label for each feature, e.g. its wavelength: 450.5 or ``"0.45 µm"``. Feature numbers
        (from 0) unless given.
    name : str, optional

    Raises
    ------
    DatasetError
        If the entries have different numbers of features, or the labels are not as many.
    """

    entries: Sequence[LibraryEntry] = ()
    labels: Sequence[str | float] | None = None
    name: str = ""

    def __post_init__(self) -> None:
        entries = tuple(self.entries)
        counts = {len(entry.vector) for entry in entries}
        given = range(max(counts, default=0)) if self.labels is None else self.labels
        labels = tuple(one.item() if isinstance(one, np.generic) else one for one in given)
        if counts - {len(labels)}:
            raise DatasetError(
                f"entries of {' and '.join(map(str, sorted(counts)))} features",
                expected=f"one value for each of {len(labels)} features",
                remedy="Make a library of entries with the same features.",
            )
        object.__setattr__(self, "entries", entries)
        object.__setattr__(self, "labels", labels)

    @property
    def features(self) -> tuple[str | float, ...]:
        """The label of each feature, its number where it has none."""
        return tuple(self.labels or ())

    @cached_property
    def vectors(self) -> NDArray[np.float64]:
        """The vectors of all entries, shape (N, C)."""
        shape = (len(self.entries), len(self.features))
        vectors = np.reshape(np.array([entry.vector for entry in self.entries]), shape)
        vectors.flags.writeable = False
        return vectors
