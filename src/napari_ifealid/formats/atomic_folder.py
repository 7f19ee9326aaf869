"""Folders that appear only once they are complete."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.atomic_write import (
    cannot_write,
    check_free,
    check_no_special,
    check_not_interrupted,
    keep_mode,
)
from napari_ifealid.formats.taking_places import (
    Ending,
    beside,
    leftovers,
    new_token,
    remove,
    take_places,
)


@contextmanager
def written_folder(
    path: str | PathLike[str],
    *,
    kind: str,
    replaces: Callable[[Path], bool],
    force: bool = False,
) -> Iterator[Path]:
    """Give a folder to write into, which takes its place only once all is written.

    Parameters
    ----------
    path : path
    kind : str
        What is written, for the user, as in "Zarr array or group".
    replaces : callable
        `replaces(path)`: whether what is there is of this kind.
    force : bool, optional
        Whether an existing folder of that kind is replaced.

    Raises
    ------
    DatasetError
        If there is such a folder already, or a complete one whose writing was interrupted, and
        `force` is off, if there is something of another kind, or if it can't be written.
    """
    path = Path(path)
    token = new_token()
    unfinished = beside(path, token, Ending.UNFINISHED)
    complete = beside(path, token, Ending.COMPLETE)
    earlier = leftovers(path)
    try:
        _check(path, kind, force=force, replaces=replaces)
        unfinished.mkdir()
        yield unfinished
        _check(path, kind, force=force, replaces=replaces)
        keep_mode(path, unfinished)
        unfinished.rename(complete)
        take_places({path: complete}, token)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        remove(unfinished)
        remove(complete)
    for folder in earlier:
        remove(folder)


def _check(path: Path, kind: str, *, force: bool, replaces: Callable[[Path], bool]) -> None:
    check_no_special(path)
    if os.path.lexists(path) and not replaces(path):
        raise DatasetError(
            f"something of this name that is no {kind}",
            expected=f"none, or a {kind}, which is all that is replaced",
            remedy="Choose another name, or move what is there away.",
            file=path,
        )
    check_free(path, force=force)
    check_not_interrupted(path, force=force)
