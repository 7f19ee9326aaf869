"""Arrays of files as the values of stacks: features last, in memory or read where needed."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from numbers import Integral
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.formats.blocks import LAZY_VALUES, block_lengths, blocks, whole_chunks
from napari_ifealid.lazy_arrays import block_chunks, lazy
from napari_ifealid.memory import fits_memory
from napari_ifealid.tracking import Track, every_item

_MOST_CHUNKS = 1 << 16  # of a dask array that can still be sliced in no time


class StoredArray(Protocol):
    """An array in a file. To be read on a cluster it can be pickled, without an open file."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of its axes."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of its values, of this machine's byte order."""

    def __getitem__(self, index: Any, /) -> NDArray[Any]:
        """Read a part: the index is a tuple with a slice of step 1 or an int for each axis."""


@dataclass(frozen=True, eq=False)
class FeaturesLast:
    """A stored array with its features last.

    If dask moved them, it would read whole chunks for the sake of a pixel.

    Parameters
    ----------
    array : StoredArray
    axis : int
        Along which its features lie, 0 or greater.
    """

    array: StoredArray
    axis: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of its axes, of the features last."""
        return self.moved(self.array.shape)

    @property
    def ndim(self) -> int:
        """Number of its axes."""
        return len(self.array.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of its values."""
        return self.array.dtype

    def __getitem__(self, index: tuple[Any, ...]) -> NDArray[Any]:
        """Read a part: a slice of step 1 or an int for each axis."""
        *spatial, features = index
        before, after = spatial[: self.axis], spatial[self.axis :]
        values = np.asarray(self.array[(*before, features, *after)])
        if isinstance(features, Integral):
            return values
        return np.moveaxis(values, sum(not isinstance(part, Integral) for part in before), -1)

    def moved(self, lengths: tuple[int, ...]) -> tuple[int, ...]:
        """Return something of each axis, that of the features last."""
        return (*lengths[: self.axis], *lengths[self.axis + 1 :], lengths[self.axis])


def stack_values(
    array: StoredArray,
    axis: int,
    *,
    name: str,
    track: Track,
    chunks: tuple[int, ...] | None = None,
    is_sparse: bool = False,
) -> Any:
    """Return a stored array as the values of a stack, features last.

    Parameters
    ----------
    array : StoredArray
    axis : int
        Along which its features lie, 0 or greater.
    name : str
        Of the file, for the progress.
    track : callable
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.
    chunks : tuple of int, optional
        Lengths of the pieces along each stored axis that can be read only as a whole, such as
        chunks and tiles. Without them the array lies in the file in C order.
    is_sparse : bool, optional
        Whether the file holds so little of the array that all of it is read only where needed.

    Returns
    -------
    array or dask array, shape (..., C)
        In memory, features last in it as well, if that takes little of what is free; else a dask
        array, which is read block by block.
    """
    moved = FeaturesLast(array, axis)
    shape, dtype = moved.shape, moved.dtype
    if is_sparse or not fits_memory(prod(shape) * dtype.itemsize):
        if chunks is None:
            return lazy(moved, block_chunks(shape, dtype))
        return lazy(moved, whole_chunks(shape, moved.moved(chunks), prod(shape) // _MOST_CHUNKS))
    values = np.empty(shape, dtype)
    pieces = chunks or (1,) * len(shape)
    lengths = block_lengths(shape, range(len(shape)), LAZY_VALUES)
    whole = tuple(
        min(length, -(-block // piece) * piece)
        for length, block, piece in zip(shape, lengths, moved.moved(pieces), strict=True)
    )
    todo = blocks(shape, whole)
    for block in every_item(track, todo, total=len(todo), desc=f"Opening {name}"):
        values[block] = moved[block]
    return values
