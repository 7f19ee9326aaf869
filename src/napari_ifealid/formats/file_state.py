"""Whether a file is still the one that was opened."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from napari_ifealid.errors import DatasetError


@dataclass(frozen=True)
class FileState:
    """Identity of a file's contents: it changes when the file is written to or replaced.

    Parameters
    ----------
    size : int
        Bytes.
    changed : int
        Time of the last change, in nanoseconds.
    inode : int
    """

    size: int
    changed: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileState:
        """Return the state that the system tells."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ino)


def file_state(path: Path) -> FileState:
    """Return the state of a file now."""
    return FileState.of(path.stat())


def has_changed(path: str | Path, found: str | None = None) -> DatasetError:
    """Return the error about a file that is another one than was opened.

    Parameters
    ----------
    path : str or path
        The file or folder that the user opened.
    found : str, optional
        What is there instead.
    """
    return DatasetError(
        found or "a file that has been changed or replaced since it was opened",
        expected="the file as it was opened, since the picture would mix two files",
        remedy="Open the file again.",
        file=path,
    )
