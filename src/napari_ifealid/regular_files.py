"""Whether there is a file at a path, or something that only looks like one: a pipe, a device."""

from __future__ import annotations

import os
import stat
from os import PathLike
from pathlib import Path

from napari_ifealid.errors import DatasetError

_SPECIAL = {
    stat.S_IFIFO: "a pipe (FIFO)",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def special_kind(path: str | PathLike[str]) -> str | None:
    """Return what is at a path in words, if it is neither a file nor a folder.

    Nothing is opened: to open a pipe waits for whoever writes to it, and a device may never end.

    Parameters
    ----------
    path : path
        Links are followed.

    Returns
    -------
    str or None
        None for a file, for a folder and where nothing is.
    """
    mode = _mode(path)
    return None if mode is None else _SPECIAL.get(stat.S_IFMT(mode))


def check_file_or_folder(path: str | PathLike[str]) -> None:
    """Raise if there is something else at a path than a file or a folder; not where nothing is.

    Raises
    ------
    DatasetError
        If it is a pipe, a device or a socket.
    """
    kind = special_kind(path)
    if kind is not None:
        raise DatasetError(
            f"{kind}, not a file",
            expected="a file",
            remedy="Copy what it gives into a file, and choose that one.",
            file=path,
        )


def check_regular_file(path: str | PathLike[str]) -> None:
    """Raise if there is something else at a path than a file; not where nothing is.

    Raises
    ------
    DatasetError
        If it is a folder, a pipe, a device or a socket.
    """
    check_file_or_folder(path)
    mode = _mode(path)
    if mode is not None and stat.S_ISDIR(mode):
        raise DatasetError(
            "a folder, not a file",
            expected="a file",
            remedy="Check the path, or choose a file in the folder.",
            file=path,
        )


def without_waiting(path: str, flags: int) -> int:
    """Open a file as `os.open` does, but do not wait for the other end of a pipe.

    For the `opener` of `open`, where a file may have been replaced since it was checked.
    """
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # Windows has no such pipes


def _mode(path: str | PathLike[str]) -> int | None:
    try:
        return Path(path).stat().st_mode
    except (OSError, ValueError):  # a name with a zero byte is none
        return None
