"""Variables in MATLAB files of version 5 to 7.2: where they are, and their values.

How they are laid out: MAT-File Format, The MathWorks. SciPy's reader is not used, since damaged
files end the whole program there.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEADER_SIZE = 128
"""Bytes before the first variable."""

_BYTE_ORDERS = {b"IM": "<", b"MI": ">"}  # at the end of the header
_MATRIX, _COMPRESSED = 14, 15
_STORED = dict(enumerate(["i1", "u1", "i2", "u2", "i4", "u4", "f4"], 1)) | {
    9: "f8",
    12: "i8",
    13: "u8",
}
_CLASSES = dict(
    enumerate(
        (
            *("cell", "struct", "object", "char", "sparse"),
            *("double", "single", "int8", "uint8", "int16", "uint16", "int32", "uint32"),
            *("int64", "uint64", "function", "opaque"),
        ),
        1,
    )
)
_NUMERIC = range(6, 16)
_COMPLEX_FLAG = 0x800
_MATRIX_START, _MATRIX_KINDS = 20, range(5000)  # of version 4: bytes before a name, and its types
_MOST_AXES, _LONGEST_NAME = 64, 1 << 12
_MOST_PER_BYTE = 1040  # bytes that deflate packs into one
_MOST_PADDING = 8
_STEP = 1 << 20


@dataclass(frozen=True, eq=False)
class Variable:
    """A variable, without its values.

    Parameters
    ----------
    name : str
    kind : str
        MATLAB's class, such as "double" or "struct".
    shape : tuple of int
        Empty for an object of another kind than an array.
    stored : numpy dtype or None
        Type of the values in the file, which may be smaller than that of the class; None for
        other than real numbers.
    place : int
        Where the values begin, in bytes: in the file, or in what is packed.
    packed : slice or None
        Where the packed bytes are in the file.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    stored: np.dtype[Any] | None = None
    place: int = 0
    packed: slice | None = None

    def unpacked(self, stream: BufferedReader) -> NDArray[Any]:
        """Return the values of a packed variable, in the order of the file.

        Raises
        ------
        ValueError
            If there are fewer.
        zlib.error
            If they are damaged, also if only their checksum tells.
        """
        assert self.stored is not None
        assert self.packed is not None
        values = np.empty(prod(self.shape), self.stored)
        unpacked = _Unpacked(stream, self.packed)
        unpacked.read(self.place)
        target, done = values.view(np.uint8), 0
        while done < target.size:
            part = unpacked.read(min(_STEP, target.size - done))
            target[done : done + len(part)] = np.frombuffer(part, np.uint8)
            done += len(part)
        unpacked.finish()
        return values.reshape(self.shape, order="F")


def is_version_4(header: bytes) -> bool:
    """Return whether a file is of version 4, which starts with a matrix instead of a text.

    Parameters
    ----------
    header : bytes
        Its first `HEADER_SIZE` bytes.
    """
    if len(header) <= _MATRIX_START:
        return False
    numbers = (np.frombuffer(header, f"{order}i4", 5).tolist() for order in "<>")
    name = header[_MATRIX_START : _MATRIX_START + 1]
    return name.isalpha() and any(
        kind in _MATRIX_KINDS and min(rows, columns) >= 0 and is_complex in (0, 1) and length > 1
        for kind, rows, columns, is_complex, length in numbers
    )


def variables_in(stream: BufferedReader, size: int) -> Iterator[Variable]:
    """Yield the variables of a file.

    Parameters
    ----------
    stream : binary file
    size : int
        Of the file in bytes.

    Raises
    ------
    ValueError
        If it is no MATLAB file of version 5 to 7.2, or truncated or damaged.
    zlib.error
        If a packed variable is damaged.
    """
    header = stream.read(HEADER_SIZE)
    order = _BYTE_ORDERS.get(header[-2:]) if len(header) == HEADER_SIZE else None
    if order is None:
        raise ValueError(f"it starts with {header[:8]!r}")
    place = HEADER_SIZE
    while place < size:
        stream.seek(place)
        kind, count = struct.unpack(f"{order}II", _exactly(stream.read, 8))
        start, place = place + 8, place + 8 + count
        if place > size:
            raise ValueError(f"{count:,} bytes of a variable, {size - start:,} are there")
        if kind == _COMPRESSED:
            packed = slice(start, place)
            unpacked = _Unpacked(stream, packed)
            inner, count = struct.unpack(f"{order}II", unpacked.read(8))
            if inner == _MATRIX:
                yield _variable(unpacked.read, order, 8, packed, count)
        elif kind == _MATRIX:
            yield _variable(stream.read, order, start, None, count)


class _Unpacked:
    """What is packed in a part of a file, read from its start, no more than is asked for."""

    def __init__(self, stream: BufferedReader, packed: slice) -> None:
        self._stream, self._place, self._stop = stream, packed.start, packed.stop
        self._inflate = zlib.decompressobj()

    def read(self, count: int) -> bytes:
        """Return the next bytes."""
        parts = []
        while count:
            part = self._next(count)
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def finish(self) -> None:
        """Read to the end, where the checksum is, by which zlib finds damage."""
        left = _MOST_PADDING
        while not self._inflate.eof:
            left -= len(self._next(left + 1))
            if left < 0:
                raise ValueError("a variable with more values than its shape")

    def _next(self, most: int) -> bytes:
        """Return some of the next bytes; none where the end is near."""
        fresh = self._inflate.unconsumed_tail
        if not fresh:
            self._stream.seek(self._place)
            fresh = self._stream.read(min(_STEP, self._stop - self._place))
            self._place += len(fresh)
        was_over = self._inflate.eof or not fresh
        part = self._inflate.decompress(fresh, min(most, _STEP))
        if was_over and not part:
            raise ValueError("a variable that ends early")
        return part


def _variable(
    read: Callable[[int], bytes], order: str, start: int, packed: slice | None, count: int
) -> Variable:
    """Return the variable whose parts `read` gives, the first of which is at a place."""
    parts = _Parts(read, order, start)
    flags = struct.unpack(f"{order}I", parts.content(6, 8, 8)[:4])[0]
    kind = _CLASSES.get(flags & 0xFF, "unknown")
    if kind == "opaque":
        return Variable("an object", kind, ())
    lengths = parts.content(5, 8, 4 * _MOST_AXES)
    shape = tuple(np.frombuffer(lengths, f"{order}i4").tolist())
    name = parts.content(1, 0, _LONGEST_NAME).decode(errors="replace")
    if min(shape) < 0:
        raise ValueError(f"the shape {shape}")
    if flags & 0xFF not in _NUMERIC or flags & _COMPLEX_FLAG:
        return Variable(name, f"complex {kind}" if flags & _COMPLEX_FLAG else kind, shape)
    code, size, is_small = parts.tag()
    if code not in _STORED:
        raise ValueError(f"values of the unknown type {code}")
    stored = np.dtype(order + _STORED[code])
    place = parts.place - 4 if is_small else parts.place
    room = count if packed is None else _MOST_PER_BYTE * (packed.stop - packed.start)
    if size != prod(shape) * stored.itemsize or size > room:
        raise ValueError(f"no room for the shape {shape}")
    return Variable(name, kind, shape, stored, place, packed)


class _Parts:
    """The parts of a variable, one after the other."""

    def __init__(self, read: Callable[[int], bytes], order: str, place: int) -> None:
        self._read, self._order, self.place = read, order, place

    def content(self, kind: int, least: int, most: int) -> bytes:
        """Return the bytes of the next part, which is of a type and has about so many."""
        found, size, is_small = self.tag()
        if found != kind or not least <= size <= most:
            raise ValueError(f"{size} bytes of type {found}, {least} to {most} of type {kind}")
        if is_small:
            return self._small[:size]
        padded = self._bytes(-(-size // 8) * 8)
        return padded[:size]

    def tag(self) -> tuple[int, int, bool]:
        """Return the type and the size of the next part, and whether it is in its tag."""
        start = self._bytes(4)
        (kind,) = struct.unpack(f"{self._order}I", start)
        self._small = self._bytes(4)
        if kind >> 16:
            if kind >> 16 > 4:
                raise ValueError(f"{kind >> 16} bytes in a tag")
            return kind & 0xFFFF, kind >> 16, True
        return kind, struct.unpack(f"{self._order}I", self._small)[0], False

    def _bytes(self, count: int) -> bytes:
        self.place += count
        return _exactly(self._read, count)


def _exactly(read: Callable[[int], bytes], count: int) -> bytes:
    content = read(count)
    if len(content) < count:
        raise ValueError("a file that ends early")
    return content
