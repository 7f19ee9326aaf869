"""Packed bytes, unpacked no further than to what they may hold.

The codecs of Zarr unpack whatever they are given: some hundred bytes may become gigabytes.
"""

from __future__ import annotations

import zlib
from bz2 import BZ2Decompressor
from collections.abc import Callable, Mapping
from functools import partial
from lzma import FORMAT_XZ, LZMADecompressor
from typing import Any, Protocol

from napari_ifealid.errors import DatasetError

_GZIP = 16 + zlib.MAX_WBITS
_LONGEST_START = 18  # bytes, of a frame of zstd
_ZSTD_START = b"\x28\xb5\x2f\xfd"


class _Decompressor(Protocol):
    """One stream of packed bytes, see `zlib.decompressobj`."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes | memoryview, max_length: int, /) -> bytes: ...


def unpacks(codec: str) -> bool:
    """Return whether `unpacked` knows a codec, by its name in numcodecs."""
    return codec in _DECOMPRESSORS


def unpacked(codec: str, settings: Mapping[str, Any], packed: memoryview, most: int) -> bytes:
    """Return what packed bytes hold.

    Parameters
    ----------
    codec : str
        Its name in numcodecs, see `unpacks`.
    settings : mapping
        Of the codec.
    packed : memoryview of bytes
    most : int
        The most bytes that they may hold.

    Raises
    ------
    DatasetError
        If they hold more.
    EOFError, OSError, zlib.error, lzma.LZMAError
        If they are damaged.
    """
    new, has_several = _DECOMPRESSORS[codec](settings), codec != "zlib"
    parts, room = [], most + 1
    rest: bytes | memoryview = packed
    while rest:
        stream = new()
        parts.append(stream.decompress(rest, room))
        room -= len(parts[-1])
        if not room:
            raise too_much(most)
        if not stream.eof:
            raise EOFError("it ends too early")
        rest = stream.unused_data.lstrip(b"\0") if has_several else b""
    return b"".join(parts)


def told_size(codec: str, packed: memoryview) -> int | None:
    """Return how many bytes packed bytes hold by what they say; None where they don't.

    Parameters
    ----------
    codec : str
        Its name in numcodecs. Of codecs that are not known, None is returned.
    packed : memoryview of bytes
    """
    tell = _TELLERS.get(codec)
    return None if tell is None else tell(bytes(packed[:_LONGEST_START]))


def too_much(most: int, told: int | None = None) -> DatasetError:
    """Return the error for a chunk that holds more than it may.

    Parameters
    ----------
    most : int
    told : int, optional
        What it says to hold.
    """
    holds = f"{told:,} bytes" if told is not None else f"more than {most:,} bytes"
    return DatasetError(
        f"a chunk that unpacks to {holds}",
        expected=f"at most {most:,} bytes, for the shape of a chunk",
        remedy="Check where the data come from, or copy them again.",
    )


def _lz4_size(packed: bytes) -> int:
    return int.from_bytes(packed[:4], "little")


def _blosc_size(packed: bytes) -> int:
    return int.from_bytes(packed[4:8], "little")


def _zstd_size(packed: bytes) -> int | None:
    """Return the size of the first frame, RFC 8878; the codec reads no further."""
    if not packed.startswith(_ZSTD_START) or len(packed) < 5:
        return None
    described = packed[4]
    is_single, flag = bool(described & 0x20), described >> 6
    length = (int(is_single), 2, 4, 8)[flag]
    if not length:
        return None
    start = 5 + (not is_single) + (0, 1, 2, 4)[described & 3]
    size = int.from_bytes(packed[start : start + length], "little")
    return size + 256 if length == 2 else size


_TELLERS: Mapping[str, Callable[[bytes], int | None]] = {
    "lz4": _lz4_size,
    "blosc": _blosc_size,
    "zstd": _zstd_size,
}


def _lzma(settings: Mapping[str, Any]) -> Callable[[], _Decompressor]:
    kind, filters = settings.get("format", FORMAT_XZ), settings.get("filters")
    return partial(LZMADecompressor, format=kind, filters=filters)


_DECOMPRESSORS: Mapping[str, Callable[[Mapping[str, Any]], Callable[[], _Decompressor]]] = {
    "zlib": lambda _: zlib.decompressobj,
    "gzip": lambda _: partial(zlib.decompressobj, _GZIP),
    "bz2": lambda _: BZ2Decompressor,
    "lzma": _lzma,
}
