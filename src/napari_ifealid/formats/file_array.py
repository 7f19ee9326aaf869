"""Arrays that stay in a file, read where they are needed.

A memory-mapped file would do the same until somebody truncates or overwrites it: then the process
dies of a bus error. Here each read finds out that the file has changed, and says so.
"""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass
from io import FileIO
from math import prod
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import short_reason
from napari_ifealid.formats.file_state import FileState, file_state, has_changed
from napari_ifealid.regular_files import without_waiting


@dataclass(frozen=True, eq=False)
class FileArray:
    """An array in a file. Can be pickled: other processes read the file themselves.

    Parameters
    ----------
    path : str
    start : int
        Where the values begin, in bytes.
    shape : tuple of int
    stored : numpy dtype
        The type in the file, of either byte order.
    is_fortran : bool
        Whether the first axis runs fastest.
    state : FileState
        Of the file when it was opened.
    """

    path: str
    start: int
    shape: tuple[int, ...]
    stored: np.dtype[Any]
    is_fortran: bool
    state: FileState

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of what is read, of this machine's byte order."""
        return self.stored.newbyteorder("=")

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """Size of all values."""
        return prod(self.shape) * self.stored.itemsize

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Read a part.

        Parameters
        ----------
        index : int, slice, Ellipsis or a tuple of these
            Of slices with a step, all between the first and the last is read, too.

        Raises
        ------
        DatasetError
            If the file has changed since it was opened, or can't be read.
        """
        chosen = _chosen(index, self.shape)
        spans = [_span(part) for part in chosen]
        if self.is_fortran:
            values = self._read(spans[::-1], self.shape[::-1]).T
        else:
            values = self._read(spans, self.shape)
        picked = tuple(
            0 if isinstance(part, int) else slice(None, None, part.step) for part in chosen
        )
        result: NDArray[Any] = values[picked]
        return result

    def _read(self, spans: list[slice], shape: tuple[int, ...]) -> NDArray[Any]:
        """Read a box of an array in C order."""
        lengths = tuple(span.stop - span.start for span in spans)
        values = np.empty(lengths, self.stored)
        if not values.size:
            return values.astype(self.dtype)
        # what is whole along the last axes lies together, one axis before them included
        cut = max((axis for axis, n in enumerate(lengths) if n < shape[axis]), default=0)
        strides = [prod(shape[axis + 1 :]) * self.stored.itemsize for axis in range(len(shape))]
        first = self.start + sum(s.start * step for s, step in zip(spans, strides, strict=True))
        runs = values.reshape(prod(lengths[:cut]), -1).view(np.uint8)
        with _opened(self.path) as stream:
            if FileState.of(os.fstat(stream.fileno())) != self.state:
                raise has_changed(self.path)
            for number, offset in enumerate(np.ndindex(lengths[:cut])):
                place = first + sum(n * step for n, step in zip(offset, strides, strict=False))
                _read_into(stream, runs[number], place, self.path)
        return values if self.stored.isnative else values.astype(self.dtype)


def mapped_file_array(values: np.memmap[Any, Any]) -> FileArray | None:
    """Return a memory-mapped array as one that is read; None for a part of one.

    None, too, for one that can be changed by way of its map.

    Parameters
    ----------
    values : memmap
    """
    is_whole = isinstance(values.base, mmap.mmap) and values.filename is not None
    if (
        not is_whole
        or values.mode != "r"
        or not (values.flags.c_contiguous or values.flags.f_contiguous)
    ):
        return None
    path = Path(str(values.filename))
    try:
        state = file_state(path)
    except OSError:  # deleted or renamed, while it is mapped
        return None
    is_fortran = not values.flags.c_contiguous
    return FileArray(str(path), values.offset, values.shape, values.dtype, is_fortran, state)


def _chosen(index: Any, shape: tuple[int, ...]) -> list[int | range]:
    """Return which position, or which ones, an index means along each axis."""
    index = index if isinstance(index, tuple) else (index,)
    if Ellipsis in index:
        place = index.index(Ellipsis)
        missing = (slice(None),) * (len(shape) - len(index) + 1)
        index = (*index[:place], *missing, *index[place + 1 :])
    index = (*index, *(slice(None),) * (len(shape) - len(index)))
    return [
        range(length)[int(part) if isinstance(part, Integral) else part]
        for part, length in zip(index, shape, strict=True)
    ]


def _span(chosen: int | range) -> slice:
    """Return the shortest slice of step 1 that holds all positions."""
    if isinstance(chosen, int):
        return slice(chosen, chosen + 1)
    if not chosen:
        return slice(0, 0)
    first, last = sorted((chosen[0], chosen[-1]))
    return slice(first, last + 1)


def _opened(path: str) -> FileIO:
    try:
        return FileIO(path, opener=without_waiting)
    except OSError as error:
        raise has_changed(path, f"nothing that can be read ({short_reason(error)})") from error


def _read_into(stream: FileIO, target: NDArray[np.uint8], place: int, path: str) -> None:
    stream.seek(place)
    done, view = 0, target.data
    while done < len(view):
        count = stream.readinto(view[done:])
        if not count:
            raise has_changed(path, "a file that is shorter than before")
        done += count
