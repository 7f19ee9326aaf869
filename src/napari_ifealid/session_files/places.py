"""Paths of stacks, as a session file has them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path, PurePath

from napari_ifealid.formats.location import is_url


def stored_location(location: str, folder: Path) -> str:
    """Return a location as it is stored in a session file.

    Parameters
    ----------
    location : str
        Absolute path, or URL.
    folder : path
        Where the session file lies.

    Returns
    -------
    str
        Relative to the folder where that is possible, with slashes; a URL as it is.
    """
    if is_url(location):
        return location
    with suppress(ValueError):  # another drive
        return PurePath(os.path.relpath(location, folder.absolute())).as_posix()
    return location


def found_location(stored: str, folder: Path) -> str:
    """Return the location that a session file has stored: an absolute path, or a URL.

    Parameters
    ----------
    stored : str
    folder : path
        Where the session file lies.
    """
    return stored if is_url(stored) else os.path.abspath(folder / stored)  # noqa: PTH100  # ".."
