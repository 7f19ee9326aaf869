"""Where a feature stack is: a path, or a URL that fsspec knows."""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit
from urllib.request import url2pathname

from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.taking_places import how_to_complete
from napari_ifealid.regular_files import check_regular_file

Location = str | PathLike[str]
"""A path, or a URL such as https://example.org/cube.zarr."""

_MOST_OF_A_START = 8


def is_url(location: Location) -> bool:
    """Return whether a location is a URL, not a path."""
    return "://" in fspath(location)


def absolute(location: Location) -> str:
    """Return an absolute path; a URL as it is."""
    return fspath(location) if is_url(location) else str(Path(location).absolute())


def local_path(location: Location) -> Path | None:
    """Return the path of a location, also of a file:// URL; None for other URLs."""
    if not is_url(location):
        return Path(location)
    parts = urlsplit(fspath(location))
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None


def name_of(location: Location) -> str:
    """Return the last part of a location."""
    if is_url(location):
        return PurePosixPath(fspath(location).partition("?")[0]).name
    return Path(location).name


def suffix_of(location: Location) -> str:
    """Return the ending of a location's name in lower case, as in ".zip"."""
    return PurePosixPath(name_of(location)).suffix.lower()


def is_file(location: Location) -> bool:
    """Return whether a path is that of a file; False for one that can't be looked at."""
    try:
        return Path(location).is_file()
    except (OSError, ValueError):  # a name too long, a folder without permission, a zero in it
        return False


def is_there(location: Location) -> bool:
    """Return whether a file or a folder is at a path that can be looked at."""
    try:
        check_is_there(location)
    except DatasetError:
        return False
    return True


def check_is_there(location: Location) -> None:
    """Raise unless there is a file or a folder at a path.

    Raises
    ------
    DatasetError
        If there is none, or if nobody may look.
    """
    try:
        Path(location).stat()
    except (OSError, ValueError) as error:
        raise cannot_open(location, error) from error


def first_bytes(location: Location) -> bytes:
    """Return what a file starts with, eight bytes at most.

    Raises
    ------
    DatasetError
        If the file can't be opened.
    """
    check_regular_file(location)
    try:
        with Path(location).open("rb") as stream:
            return stream.read(_MOST_OF_A_START)
    except (OSError, ValueError) as error:  # ValueError: a zero in the path
        raise cannot_open(location, error) from error


def no_such_file(location: Location) -> DatasetError:
    """Return the error for a path where nothing is."""
    return DatasetError(
        "no such file",
        expected="an existing file or folder",
        remedy=how_to_complete(Path(location)) or "Check the path.",
        file=location,
    )


def cannot_open(location: Location, error: Exception) -> DatasetError:
    """Return the error for a file or a URL that cannot be opened at all."""
    if isinstance(error, FileNotFoundError) and not is_url(location):
        return no_such_file(location)
    expected, remedy = "a file", "Check the path and whether you may read the file."
    if is_url(location):
        expected, remedy = "data at this address", "Check the address and the connection."
    return DatasetError(
        f"nothing that can be read ({short_reason(error)})",
        expected=expected,
        remedy=remedy,
        file=location,
    )
