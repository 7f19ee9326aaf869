"""Files that appear only once they are complete."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path
from secrets import token_hex
from typing import IO

from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.regular_files import special_kind

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
    unfinished file no name at all, so that nothing is left even of a killed process.

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
    unfinished = _unfinished(path)
    try:
        _check_no_folder(path)
        _check_free(path, force)
        with _opened(unfinished) as stream:
            yield stream
            stream.flush()
            if not _unsynced:
                os.fsync(stream.fileno())
            if not unfinished.exists():
                _give_name(stream, unfinished)
        _check_no_folder(path)
        _check_free(path, force)
        unfinished.replace(path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


@contextmanager
def written_folder(path: str | PathLike[str], *, force: bool = False) -> Iterator[Path]:
    """Give a folder to write into, which takes its place only once all is written.

    Parameters
    ----------
    path : path
    force : bool, optional
        Whether an existing folder or file is replaced.

    Raises
    ------
    DatasetError
        If there is such a folder already and `force` is off, or if it can't be written.
    """
    path = Path(path)
    unfinished, replaced = _unfinished(path), _unfinished(path)
    try:
        _check_free(path, force)
        unfinished.mkdir()
        yield unfinished
        _check_free(path, force)
        if path.exists():  # no system exchanges two folders in one step
            path.rename(replaced)
        unfinished.rename(path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
        with suppress(OSError):
            _bring_back_or_remove(replaced, path)


def _bring_back_or_remove(replaced: Path, path: Path) -> None:
    if replaced.exists() and not path.exists():
        replaced.rename(path)
    elif replaced.is_dir() and not replaced.is_symlink():
        shutil.rmtree(replaced)
    else:
        replaced.unlink(missing_ok=True)


def _unfinished(path: Path) -> Path:
    # a name may have 255 bytes, and a character four
    return path.with_name(f".{path.name[:50]}.{token_hex(4)}.part")


def _opened(unfinished: Path) -> IO[bytes]:
    """Open a file without a name where the system has such, else under the one given."""
    with suppress(AttributeError, OSError):
        return os.fdopen(os.open(unfinished.parent, os.O_TMPFILE | os.O_RDWR, 0o666), "w+b")
    return unfinished.open("x+b")


def _give_name(stream: IO[bytes], name: Path) -> None:
    # with a folder given, Python calls the variant of link that follows this symbolic link
    nameless = f"/proc/self/fd/{stream.fileno()}"
    os.link(nameless, name, src_dir_fd=stream.fileno(), follow_symlinks=True)


def _check_free(path: Path, force: bool) -> None:
    kind = special_kind(path)
    if kind is not None:
        raise DatasetError(
            f"{kind} of this name",
            expected="a file or none, which is all that a file can replace",
            remedy="Choose another name.",
            file=path,
        )
    if path.exists() and not force:
        raise DatasetError(
            "a file of this name",
            expected="none, so that nothing is lost",
            remedy="Choose another name, or replace it (--force, force=True).",
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


def _cannot_write(path: Path, error: OSError) -> DatasetError:
    return DatasetError(
        f"a place where nothing can be written ({short_reason(error)})",
        expected="a folder that you may write to, with enough room",
        remedy="Make room there or change its permissions, or choose another folder.",
        file=path,
    )
