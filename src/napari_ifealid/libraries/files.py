"""Libraries as files: the suffix says which kind."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.envi_files import is_library
from napari_ifealid.formats.envi_header import read_header
from napari_ifealid.libraries.csv_file import read_csv, write_csv
from napari_ifealid.libraries.envi_library import (
    DATA_SUFFIX,
    HEADER_SUFFIX,
    read_envi_library,
    write_envi_library,
)
from napari_ifealid.libraries.library import Library
from napari_ifealid.regular_files import check_regular_file

LIBRARY_SUFFIXES = (".csv", DATA_SUFFIX, HEADER_SUFFIX)
"""Of the files that hold libraries; an ENVI library is a .sli and a .hdr."""


def is_library_file(path: str | PathLike[str]) -> bool:
    """Return whether a file is meant to be a library: what a .hdr is, its file type says.

    Parameters
    ----------
    path : path
        Whatever it ends in, whether it is there or not.
    """
    suffix = Path(path).suffix.lower()
    if suffix != HEADER_SUFFIX:
        return suffix in LIBRARY_SUFFIXES
    try:
        return is_library(read_header(path))
    except DatasetError:
        return False


def read_library(path: str | PathLike[str]) -> Library:
    """Read a library: a CSV file, or an ENVI spectral library by either of its two files.

    Parameters
    ----------
    path : path
        Ends in .csv, .sli or .hdr.

    Returns
    -------
    Library
        Called like the file.

    Raises
    ------
    DatasetError
        If the file is missing, damaged or of another kind.

    Examples
    --------
    >>> library = napari_ifealid.read_library("minerals.sli")
    >>> [entry.name for entry in library.entries]
    ['kaolinite', 'alunite']
    """
    check_regular_file(path)
    return read_csv(path) if _suffix(path) == ".csv" else read_envi_library(path)


def write_library(path: str | PathLike[str], library: Library, *, force: bool = False) -> None:
    """Write a library as CSV (.csv) or as an ENVI spectral library (.sli, with its .hdr).

    What is written reads back as the same names, labels, places and values.

    Parameters
    ----------
    path : path
        Ends in .csv, .sli or .hdr.
    library : Library
        Of one entry at least.
    force : bool, optional
        Whether existing files are replaced.

    Raises
    ------
    DatasetError
        If the name has another suffix or the library has no entry, if there is such a file
        already and `force` is off, or if it can't be written.
    """
    suffix = _suffix(path)
    if not library.entries or not library.features:
        raise DatasetError(
            "an empty library",
            expected="one entry at least",
            remedy="Add pixels to it first.",
            file=path,
        )
    write = write_csv if suffix == ".csv" else write_envi_library
    write(path, library, force=force)


def _suffix(path: str | PathLike[str]) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in LIBRARY_SUFFIXES:
        raise DatasetError(
            f"the suffix {Path(path).suffix!r}",
            expected=" or ".join(LIBRARY_SUFFIXES),
            remedy="Choose a name that ends so.",
            file=path,
        )
    return suffix
