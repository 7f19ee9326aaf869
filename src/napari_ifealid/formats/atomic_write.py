"""Files that appear only once they are complete."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import IO

from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.taking_places import (
    Ending,
    beside,
    how_to_complete,
    leftovers,
    new_token,
    remove,
    take_places,
)
from napari_ifealid.regular_files import special_kind

_PERMISSIONS = 0o777  # and not whose rights a program has that is run

_unsynced: list[None] = []


@contextmanager
def quickly_written() -> Iterator[None]:
    """Leave it to the system when files that are written meanwhile reach the disk.

    A killed process still leaves no unfinished file; a power failure may. For many small files
    whose loss is noticed.
    """
    _unsynced.append(None)
    try:
        yield
    finally:
        _unsynced.pop()


@contextmanager
def written_file(path: str | PathLike[str], *, force: bool = False) -> Iterator[IO[bytes]]:
    """Open a file for writing that takes its place only once all is written.

    Whatever happens before leaves no file, and an existing one as it was. Linux gives the
    unfinished file no name at all, so that nothing is left even of a killed process, unless it is
    killed just as a file replaces another. Such a file has the same permissions.

    Parameters
    ----------
    path : path
    force : bool, optional
        Whether an existing file is replaced.

    Raises
    ------
    DatasetError
        If there is such a file already and `force` is off, if there is a folder of its name, or if
        it can't be written.
    """
    path = Path(path)
    unfinished = beside(path, new_token(), Ending.UNFINISHED)
    try:
        with _written_whole(path, unfinished, (path,), force=force) as stream:
            yield stream
        if os.path.lexists(unfinished):
            check_free(path, force=force)
            unfinished.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        remove(unfinished)


@contextmanager
def written_files(*paths: Path, force: bool = False) -> Iterator[list[IO[bytes]]]:
    """Open several files that belong together, as `written_file` does each.

    The last one should tell of the others, such as a header: it is not there while they take their
    places, so that it is never read with files of another time. See `how_to_complete` for what is
    left of a process that is killed in that moment.

    Raises
    ------
    DatasetError
        As of `written_file`. All are as they were then.
    """
    token = new_token()
    unfinished = {path: beside(path, token, Ending.UNFINISHED) for path in paths}
    complete = {path: beside(path, token, Ending.COMPLETE) for path in paths}
    earlier = [file for path in paths for file in leftovers(path)]
    for path in paths:
        check_not_interrupted(path, force=force)
    try:
        with ExitStack() as stack:
            yield [
                stack.enter_context(_written_whole(path, file, (), force=force))
                for path, file in unfinished.items()
            ]
        for path, file in unfinished.items():
            file.rename(complete[path])
        take_places(complete, token)
    except OSError as error:
        raise cannot_write(paths[-1], error) from error
    finally:
        for file in (*unfinished.values(), *complete.values()):
            remove(file)
    for file in earlier:
        remove(file)


@contextmanager
def _written_whole(
    path: Path, unfinished: Path, names: Sequence[Path], *, force: bool
) -> Iterator[IO[bytes]]:
    """Open a file for writing under another name, or none.

    At the end it has the first of some names that is free, or the other name.
    """
    try:
        _check_no_folder(path)
        check_no_special(path)
        check_free(path, force=force)
        with _opened(unfinished) as stream:
            keep_mode(path, _name_of(stream, unfinished))
            yield stream
            stream.flush()
            if not _unsynced:
                os.fsync(stream.fileno())
            _check_no_folder(path)
            check_no_special(path)
            check_free(path, force=force)
            _give_name(stream, unfinished, names)
    except OSError as error:
        raise cannot_write(path, error) from error


def keep_mode(replaced: Path, new: Path) -> None:
    """Give a file or folder the permissions of what it will replace, if there is something."""
    with suppress(OSError):  # some file systems have none
        new.chmod(replaced.stat().st_mode & _PERMISSIONS)


def _opened(unfinished: Path) -> IO[bytes]:
    """Open a file without a name where the system has such, else under the one given."""
    with suppress(AttributeError, OSError):
        return os.fdopen(os.open(unfinished.parent, os.O_TMPFILE | os.O_RDWR, 0o666), "w+b")
    return unfinished.open("x+b")


def _name_of(stream: IO[bytes], unfinished: Path) -> Path:
    return unfinished if unfinished.exists() else Path(f"/proc/self/fd/{stream.fileno()}")


def _give_name(stream: IO[bytes], unfinished: Path, names: Sequence[Path]) -> None:
    nameless = _name_of(stream, unfinished)
    if nameless == unfinished:
        return
    for name in (*names, unfinished):
        with suppress(FileExistsError):
            # with a folder given, Python calls the variant of link that follows this symbolic link
            os.link(nameless, name, src_dir_fd=stream.fileno(), follow_symlinks=True)
            return


def check_no_special(path: Path) -> None:
    """Raise if there is a pipe, a device or a socket, which is never replaced."""
    kind = special_kind(path)
    if kind is not None:
        raise DatasetError(
            f"{kind} of this name",
            expected="a file or none, which is all that a file can replace",
            remedy="Choose another name.",
            file=path,
        )


def check_free(path: Path, *, force: bool) -> None:
    """Raise if there is something that may not be replaced."""
    if os.path.lexists(path) and not force:
        raise DatasetError(
            "a file of this name",
            expected="none, so that nothing is lost",
            remedy="Choose another name, or replace it (--force, force=True).",
            file=path,
        )


def check_not_interrupted(path: Path, *, force: bool) -> None:
    """Raise if what an interrupted write has left complete beside its place may not be replaced."""
    remedy = "" if force else how_to_complete(path)
    if remedy:
        raise DatasetError(
            "one of this name whose writing was interrupted",
            expected="none, so that nothing is lost",
            remedy=f"{remedy} Or choose another name, or replace it (--force, force=True).",
            file=path,
        )


def _check_no_folder(path: Path) -> None:
    if path.is_dir():
        raise DatasetError(
            "a folder of this name",
            expected="a file or none, which is all that a file can replace",
            remedy="Choose another name.",
            file=path,
        )


def cannot_write(path: Path, error: OSError) -> DatasetError:
    """Return the error for a place where nothing can be written."""
    return DatasetError(
        f"a place where nothing can be written ({short_reason(error)})",
        expected="a folder that you may write to, with enough room",
        remedy="Make room there or change its permissions, or choose another folder.",
        file=path,
    )
