"""The header of classic netCDF files: which variables there are, and where their values are.

How it is laid out: The NetCDF Classic Format Specification, Unidata. SciPy's reader is not used,
since it reads or maps all values.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BufferedReader
from math import prod
from typing import Any

import numpy as np

CLASSIC_STARTS = (b"CDF\x01", b"CDF\x02", b"CDF\x05")
"""What files of classic netCDF start with: of 32-bit places, 64-bit places and 64-bit sizes."""

_DIMENSIONS, _VARIABLES, _ATTRIBUTES = 10, 11, 12
_TYPES = dict(enumerate(["i1", "S1", "i2", "i4", "f4", "f8", "u1", "u2", "u4", "i8", "u8"], 1))
_STREAMING = {4: (1 << 32) - 1, 8: (1 << 64) - 1}  # the number of records of an unfinished file
_MOST = 1 << 20  # dimensions, variables, attributes or values of one


@dataclass(frozen=True, eq=False)
class ClassicVariable:
    """A variable, without its values.

    Parameters
    ----------
    name : str
    dimensions : tuple of str
    shape : tuple of int
    stored : numpy dtype
        Type of the values in the file.
    attributes : dict
        Texts and arrays of numbers.
    place : int
        Where the values begin, in bytes.
    record_step : int or None
        Bytes from a record to the next one, where the values along the first axis are apart.
    """

    name: str
    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    stored: np.dtype[Any]
    attributes: dict[str, Any]
    place: int
    record_step: int | None


def classic_variables(stream: BufferedReader, size: int) -> dict[str, ClassicVariable]:
    """Return the variables of a classic netCDF file by their names.

    Parameters
    ----------
    stream : binary file
    size : int
        Of the file in bytes.

    Raises
    ------
    ValueError
        If it is no such file, or truncated or damaged.
    """
    start = stream.read(4)
    if start not in CLASSIC_STARTS:
        raise ValueError(f"it starts with {start!r}")
    version = start[3]
    header = _Header(stream, 8 if version == 5 else 4, 4 if version == 1 else 8)
    records = header.count(limit=False)
    dimensions = [(header.text(), header.count(limit=False)) for _ in header.items(_DIMENSIONS)]
    header.attributes()
    found = [_Entry.of(header, dimensions) for _ in header.items(_VARIABLES)]
    with_records = [entry for entry in found if entry.has_records]
    step = sum(-(-entry.record_size // 4) * 4 for entry in with_records)
    if len(with_records) == 1:
        step = with_records[0].record_size  # a single one is not padded
    if records == _STREAMING[header.count_size]:
        first = min((entry.place for entry in with_records), default=size)
        records = max(0, size - first) // max(1, step)
    return {entry.name: entry.variable(records, step, size) for entry in found}


@dataclass(frozen=True, eq=False)
class _Entry:
    """What the header says of a variable."""

    name: str
    dimensions: list[tuple[str, int]]
    attributes: dict[str, Any]
    stored: np.dtype[Any]
    place: int

    @classmethod
    def of(cls, header: _Header, dimensions: list[tuple[str, int]]) -> _Entry:
        name = header.text()
        numbers = [header.count() for _ in range(header.count())]
        if any(number >= len(dimensions) for number in numbers):
            raise ValueError(f"a variable of dimensions {numbers}, there are {len(dimensions)}")
        attributes = header.attributes()
        stored = header.stored_type()
        header.count(limit=False)  # the size, which the shape tells, too
        own = [dimensions[number] for number in numbers]
        return cls(name, own, attributes, stored, header.number(header.place_size))

    @property
    def has_records(self) -> bool:
        return bool(self.dimensions) and self.dimensions[0][1] == 0

    @property
    def record_size(self) -> int:
        return prod(length for _, length in self.dimensions[1:]) * self.stored.itemsize

    def variable(self, records: int, step: int, size: int) -> ClassicVariable:
        shape = tuple(length for _, length in self.dimensions)
        if self.has_records:
            shape = (records, *shape[1:])
        is_apart = self.has_records and step != self.record_size
        last = (records - 1) * step + self.record_size if is_apart else 0
        room = last if is_apart else prod(shape) * self.stored.itemsize
        if prod(shape) and self.place + room > size:
            raise ValueError(f"{size:,} bytes, {self.place + room:,} for {self.name}")
        return ClassicVariable(
            name=self.name,
            dimensions=tuple(name for name, _ in self.dimensions),
            shape=shape,
            stored=self.stored,
            attributes=self.attributes,
            place=self.place,
            record_step=step if is_apart else None,
        )


class _Header:
    """The header, read from its start."""

    def __init__(self, stream: BufferedReader, count_size: int, place_size: int) -> None:
        self._stream, self.count_size, self.place_size = stream, count_size, place_size

    def number(self, size: int) -> int:
        """Return the next number of so many bytes."""
        return int.from_bytes(self._bytes(size), "big")

    def count(self, *, limit: bool = True) -> int:
        """Return the next count or length."""
        count = self.number(self.count_size)
        if limit and count > _MOST:
            raise ValueError(f"a header with {count:,} parts")
        return count

    def items(self, kind: int) -> range:
        """Return the numbers of the items of the next list."""
        found, count = self.number(4), self.count()
        if found != kind and (found, count) != (0, 0):
            raise ValueError(f"a list of kind {found}, not {kind}")
        return range(count)

    def text(self) -> str:
        """Return the next name."""
        return self._padded(self.count()).decode(errors="replace")

    def stored_type(self) -> np.dtype[Any]:
        """Return the next type."""
        code = self.number(4)
        if code not in _TYPES:
            raise ValueError(f"values of the unknown type {code}")
        return np.dtype(_TYPES[code]).newbyteorder(">")

    def attributes(self) -> dict[str, Any]:
        """Return the next list of attributes."""
        return {self.text(): self._values() for _ in self.items(_ATTRIBUTES)}

    def _values(self) -> Any:
        stored = self.stored_type()
        content = self._padded(self.count() * stored.itemsize)
        if stored.kind == "S":
            return content.rstrip(b"\0").decode(errors="replace")
        return np.frombuffer(content, stored).astype(stored.newbyteorder("="))

    def _padded(self, count: int) -> bytes:
        return self._bytes(-(-count // 4) * 4)[:count]

    def _bytes(self, count: int) -> bytes:
        content = self._stream.read(count)
        if len(content) < count:
            raise ValueError("a file that ends early")
        return content
