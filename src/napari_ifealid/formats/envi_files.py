"""Which header and which file of values make up an ENVI cube."""

from __future__ import annotations

from errno import ENAMETOOLONG
from pathlib import Path

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.envi_header import (
    LIBRARY,
    EnviHeader,
    header_file_text,
    is_envi,
    read_header,
)
from napari_ifealid.formats.esri_header import esri_header, is_esri
from napari_ifealid.formats.location import cannot_open, no_such_file

HEADER_SUFFIX, WRITTEN_SUFFIX = ".hdr", ".img"
DATA_SUFFIXES = (".raw", WRITTEN_SUFFIX, ".dat", ".bsq", ".bil", ".bip", ".bin")
"""Usual endings of files of values. Others, and none, are found by their size."""

_MOST_OF_A_START = 1 << 16


def is_header(path: Path) -> bool:
    """Return whether a name is that of a header."""
    return path.suffix.lower() == HEADER_SUFFIX


def header_beside(path: Path) -> Path | None:
    """Return the header of a file of values, by its name; None where there is none.

    Parameters
    ----------
    path : path
        Such as cube.raw, whose header is cube.raw.hdr or cube.hdr.
    """
    for suffix in (HEADER_SUFFIX, HEADER_SUFFIX.upper()):
        for header in (path.with_name(path.name + suffix), path.with_suffix(suffix)):
            if header != path and _is_file(header):
                return header
    return None


def companions(name: str) -> list[str]:
    """Return the names that the other one of two files may have, most likely first.

    Parameters
    ----------
    name : str
        Of a header or of a file of values.
    """
    path = Path(name)
    if is_header(path):
        return [one.name for one in _named(path)]
    return [path.with_suffix(HEADER_SUFFIX).name, f"{name}{HEADER_SUFFIX}"]


def is_cube_header(path: Path) -> bool:
    """Return whether a file is a header of an image, of ENVI or Esri: good or bad.

    Parameters
    ----------
    path : path

    Raises
    ------
    DatasetError
        If the file can't be read.
    """
    start = header_file_text(path, _MOST_OF_A_START)
    return not is_library(read_header(path)) if is_envi(start) else is_esri(start)


def is_library(header: EnviHeader) -> bool:
    """Return whether a header is that of a spectral library."""
    return header.text("file type").lower() == LIBRARY.lower()


def cube_header(path: Path) -> EnviHeader:
    """Return a header of ENVI or Esri, in the terms of ENVI.

    Parameters
    ----------
    path : path

    Raises
    ------
    DatasetError
        If it can't be read, or is neither.
    """
    text = header_file_text(path)
    return esri_header(text, path) if not is_envi(text) and is_esri(text) else read_header(path)


def header_of(path: Path) -> Path:
    """Return the header that a file belongs to, itself if it is one.

    Raises
    ------
    DatasetError
        If there is no such file, or no header beside it.
    """
    if not path.is_file():
        raise no_such_file(path)
    header = path if is_header(path) else header_beside(path)
    if header is None:
        raise _no_companion(path, "the header", path.with_suffix(HEADER_SUFFIX))
    return header


def data_of(header: Path, size: int) -> Path:
    """Return the file of values that a header belongs to.

    Of several, the one whose size is right; of those with other endings than the usual, only such.

    Parameters
    ----------
    header : path
    size : int
        Bytes that the header tells.

    Raises
    ------
    DatasetError
        If there is none.
    """
    try:
        usual = [path for path in _named(header) if path.is_file()]
        fitting = _of_size(usual, size) or _of_size(_others(header), size)
    except OSError as error:
        raise cannot_open(header, error) from error
    if not (fitting or usual):
        raise _no_companion(header, "the values", header.with_suffix(WRITTEN_SUFFIX))
    return (fitting or usual)[0]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        if error.errno == ENAMETOOLONG:
            return False
        raise


def _of_size(paths: list[Path], size: int) -> list[Path]:
    return [path for path in paths if path.stat().st_size == size]


def _named(header: Path) -> list[Path]:
    """Return the usual names of the values of a header: of cube.raw.hdr, cube.raw is one."""
    plain = header.with_suffix("")
    both = [suffix for lower in DATA_SUFFIXES for suffix in (lower, lower.upper())]
    return [header.with_suffix(WRITTEN_SUFFIX), plain, *map(header.with_suffix, both)]


def _others(header: Path) -> list[Path]:
    """Return further files of the same name, whatever it ends in."""
    files = header.parent.iterdir()
    return sorted(
        path
        for path in files
        if path.stem == header.stem and path != header and not is_header(path) and path.is_file()
    )


def _no_companion(path: Path, what: str, missing: Path) -> DatasetError:
    return DatasetError(
        f"{what} not beside it",
        expected=f"the file {missing.name} in the same folder",
        remedy="Copy the header and the values into one folder.",
        file=path,
    )
