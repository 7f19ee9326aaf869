"""Entries of ZIP files that are packed with bzip2, unpacked no further than they say.

`zipfile` unpacks each piece of such an entry whole, whatever the entry says: a few bytes may
become gigabytes.
"""

from __future__ import annotations

import struct
from bz2 import BZ2Decompressor
from io import SEEK_CUR
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import crc32

_LOCAL_HEADER = struct.Struct("<4s22xHH")
_START = b"PK\x03\x04"
_PIECE = 1 << 16  # packed bytes


def bzip2_content(archive: ZipFile, info: ZipInfo) -> bytes:
    """Return the contents of an entry that is packed with bzip2.

    Parameters
    ----------
    archive : ZipFile
        Of a file.
    info : ZipInfo
        Whether the memory suffices for its size is up to the caller.

    Raises
    ------
    BadZipFile, OSError, EOFError
        If the entry is damaged, or unpacks to more or less than it says.
    """
    assert archive.filename is not None
    with Path(archive.filename).open("rb") as stream:
        _skip_header(stream, info)
        content = _unpacked(stream, info.compress_size, info.file_size)
    if len(content) != info.file_size:
        more_or_less = "more" if len(content) > info.file_size else "less"
        raise BadZipFile(f"it holds {more_or_less} than the {info.file_size:,} bytes that it says")
    if crc32(content) != info.CRC:
        raise BadZipFile("a wrong checksum")
    return content


def _skip_header(stream: IO[bytes], info: ZipInfo) -> None:
    stream.seek(info.header_offset)
    header = stream.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or not header.startswith(_START):
        raise BadZipFile("no header of the entry")
    _, name_length, extra_length = _LOCAL_HEADER.unpack(header)
    stream.seek(name_length + extra_length, SEEK_CUR)


def _unpacked(stream: IO[bytes], packed_size: int, size: int) -> bytes:
    """Return what so many packed bytes hold, up to one byte more than the size."""
    decompressor, parts, room = BZ2Decompressor(), [], size + 1
    while room and not decompressor.eof:
        piece = b""
        if decompressor.needs_input:
            piece = stream.read(min(_PIECE, packed_size))
            packed_size -= len(piece)
            if not piece:
                raise EOFError("it ends too early")
        parts.append(decompressor.decompress(piece, room))
        room -= len(parts[-1])
    return b"".join(parts)
