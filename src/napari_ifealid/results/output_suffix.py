"""The suffix of a file to write, which says what is written."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from napari_ifealid.errors import DatasetError


def checked_suffix(path: str | PathLike[str], known: Sequence[str]) -> str:
    """Return the suffix of a path, in lower case.

    Parameters
    ----------
    path : path
    known : sequence of str
        The suffixes that can be written, such as ".csv".

    Raises
    ------
    DatasetError
        If the path has another one.
    """
    suffix = Path(path).suffix.lower()
    if suffix in known:
        return suffix
    raise DatasetError(
        f"the suffix {Path(path).suffix!r}",
        expected=" or ".join(known),
        remedy="Choose a name that ends so.",
        file=path,
    )
