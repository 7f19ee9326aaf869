"""ZIP files read with care: whatever is wrong becomes a DatasetError."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, FileIO
from os import PathLike, fspath
from pathlib import Path
from typing import IO

from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.bzip2_member import bzip2_content
from napari_ifealid.formats.location import cannot_open
from napari_ifealid.regular_files import check_regular_file

ENCRYPTED_FLAG = 0x1
BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The compression methods of which `zipfile` unpacks no more than it is asked for."""

SMALL_STEP = 4096
LARGEST_DIRECTORY = 1 << 23
"""Bytes that the list of all entries may take: that of 65,536 takes about half of them."""

ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
"""What ZIP files start with: an entry, or the end of the list of none."""

_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    ValueError,
)


class _LimitedReader(BufferedReader):
    """A file that is not read in large pieces until its limit is lifted."""

    most: int | None = LARGEST_DIRECTORY

    def read(self, size: int | None = -1, /) -> bytes:
        if self.most is not None and size is not None and size > self.most:
            raise DatasetError(
                f"a list of entries of {size:,} bytes",
                expected=f"at most {self.most:,} bytes, enough for some 100,000 entries",
                remedy="Check where this file comes from, or pack fewer files into it.",
            )
        return super().read(size)


@contextmanager
def opened_zip(path: str | PathLike[str]) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP file for reading.

    Raises
    ------
    DatasetError
        If it is no file, no ZIP file, a damaged one, or one of far too many entries.
    """
    check_regular_file(path)
    try:
        stream = _LimitedReader(FileIO(fspath(path)))
    except (OSError, ValueError) as error:
        raise cannot_open(path, error) from error
    with stream, _read_directory(stream, path) as archive:
        stream.most = None
        yield archive


def _read_directory(stream: _LimitedReader, path: str | PathLike[str]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(stream)
    except DatasetError as error:
        raise error.inside(path) from error
    except (*_UNREADABLE, NotImplementedError) as error:
        raise _not_a_zip(path, error) from error


@contextmanager
def opened_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    """Open an entry of a ZIP file. Errors while it is read become DatasetErrors, too.

    Raises
    ------
    DatasetError
        If the entry is encrypted, packed with an unknown method, or damaged.
    """
    try:
        _check_not_encrypted(info)
        with archive.open(info) as stream:
            yield stream
    except DatasetError as error:
        raise error.inside(str(archive.filename), info.filename) from error.__cause__
    except NotImplementedError as error:
        raise DatasetError(
            f"an entry packed by method {info.compress_type}, which cannot be read here ({error})",
            expected="an entry stored or packed with deflate, bzip2 or LZMA",
            remedy="Unpack the ZIP and pack it again with deflate, the usual method.",
            file=archive.filename,
            member=info.filename,
        ) from error
    except MemoryError as error:
        raise DatasetError(
            "an entry that needs more memory than is free",
            expected="an entry that fits into memory",
            remedy="Close other programs, or make the data smaller.",
            file=archive.filename,
            member=info.filename,
        ) from error
    except _UNREADABLE as error:
        raise DatasetError(
            f"a damaged entry ({short_reason(error)})",
            expected="an entry that unpacks to what was packed",
            remedy="Download or create the file again.",
            file=archive.filename,
            member=info.filename,
        ) from error


def member_names(path: str | PathLike[str]) -> list[str]:
    """Return the names of all entries of a ZIP file.

    Raises
    ------
    DatasetError
        If it is no ZIP file, or a damaged one.
    """
    with opened_zip(path) as archive:
        return archive.namelist()


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, *, largest: int) -> bytes:
    """Return the contents of an entry.

    Parameters
    ----------
    archive : ZipFile
    info : ZipInfo
        The entry.
    largest : int
        The most bytes that it may hold, unpacked.

    Raises
    ------
    DatasetError
        If the entry is encrypted, packed with an unknown method, damaged or too large.
    """
    # LZMA unpacks all that it is given, some thousand times as much: give it a little at a time
    step = max(1, info.file_size) if info.compress_type in BOUNDED else SMALL_STEP
    with opened_member(archive, info) as stream:
        if info.file_size > largest:
            raise DatasetError(
                f"an entry of {info.file_size:,} bytes",
                expected=f"at most {largest:,} bytes",
                remedy="Check where this file comes from and create it again.",
            )
        if info.compress_type == zipfile.ZIP_BZIP2:
            return bzip2_content(archive, info)
        return b"".join(iter(lambda: stream.read(step), b""))


def _check_not_encrypted(info: zipfile.ZipInfo) -> None:
    if info.flag_bits & ENCRYPTED_FLAG:
        raise DatasetError(
            "an encrypted entry",
            expected="entries without a password",
            remedy="Decrypt the ZIP first: unpack it with its password and pack it without one.",
        )


def _not_a_zip(path: str | PathLike[str], error: Exception) -> DatasetError:
    try:
        with Path(path).open("rb") as stream:
            start = stream.read(4)
    except OSError:
        return cannot_open(path, error)
    if start.startswith(b"PK"):
        found, remedy = (
            f"a truncated or damaged ZIP file ({short_reason(error)})",
            "Download or copy it again.",
        )
    else:
        found = f"a file that is no ZIP file (it starts with {start!r})"
        remedy = "Check that this is the right file, and download or create it again."
    return DatasetError(found, expected="a complete ZIP file", remedy=remedy, file=path)
