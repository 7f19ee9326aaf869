"""Files that a web server sends compressed, unpacked piece by piece."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

LARGEST_PIECE = 2**16
"""Bytes that are unpacked at once: a few compressed ones may hold gigabytes."""

_NONE = ("", "identity")
_KNOWN = ("gzip", "x-gzip", "deflate")
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


def decoded(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yield the content of a file, in pieces of at most `LARGEST_PIECE` where it was compressed.

    Parameters
    ----------
    pieces : iterable of bytes
        As they were sent.
    encoding : str
        The header Content-Encoding, "" where there is none.

    Raises
    ------
    ValueError
        If the compression is unknown, or if the data are damaged or incomplete.
    """
    name = encoding.strip().lower()
    if name in _NONE:
        yield from pieces
    elif name in _KNOWN:
        yield from _unpacked(pieces)
    else:
        raise ValueError(f"a file sent with the compression {encoding!r}")


def _unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        for piece in pieces:
            rest = piece
            while rest:
                if decoder.eof:  # a gzip file may be several ones, one after the other
                    decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
                yield decoder.decompress(rest, LARGEST_PIECE)
                rest = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
        while not decoder.eof and (last := decoder.decompress(b"", LARGEST_PIECE)):
            yield last
    except zlib.error as error:
        raise ValueError(f"a damaged compression ({error})") from error
    if not decoder.eof:
        raise ValueError("a compressed file that broke off")
