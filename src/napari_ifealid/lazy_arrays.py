"""Arrays that are read block by block when they are needed: dask arrays."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK_BYTES = 1 << 24
"""Size of a block: large enough that dask's own work does not count.

The C library keeps several times as much of what blocks have taken, in each thread.
"""


@dataclass(frozen=True, eq=False)
class Uncopied:
    """An array that dask reads block by block: it copies subclasses of NumPy's arrays whole.

    Parameters
    ----------
    array : array
        Such as a part of a memory-mapped one.
    """

    array: NDArray[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of its axes."""
        return self.array.shape

    @property
    def ndim(self) -> int:
        """Number of its axes."""
        return self.array.ndim

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of its values."""
        return self.array.dtype

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Return a copy of a part."""
        return np.array(self.array[index])


def lazy(array: Any, chunks: Any) -> Any:
    """Return an array as a dask array.

    Parameters
    ----------
    array : array-like
        With a shape, a dtype and slices that are NumPy arrays.
    chunks : tuple
        As for dask.
    """
    from dask.array import from_array  # dask takes long to import

    # a random name, else a dask cache would show the values of a file that was written anew
    return from_array(array, chunks, name=False)  # type: ignore[no-untyped-call]


def in_blocks(values: Any) -> Any:
    """Cut a dask array of shape (..., C) into blocks worth reading, each with all features.

    Chunks of up to two blocks are not cut: each of the parts would read the whole chunk.
    """
    whole_pixels = (*("auto",) * (values.ndim - 1), -1)
    chunk = prod(values.chunksize[:-1]) * values.shape[-1] * values.itemsize
    limit = chunk if BLOCK_BYTES < chunk <= 2 * BLOCK_BYTES else BLOCK_BYTES
    return values.rechunk(whole_pixels, block_size_limit=limit)


def block_chunks(
    shape: tuple[int, ...], dtype: np.dtype[Any], *, is_fortran: bool = False
) -> tuple[tuple[int, ...], ...]:
    """Return how an array in one piece is cut into blocks that are read in few strokes.

    They are cut along the axes that run slowest, and have all features.

    Parameters
    ----------
    shape : tuple of int
        (..., C), wherever the features lie in memory.
    dtype : numpy dtype
    is_fortran : bool, optional
        Whether the first spatial axis runs faster than the last.

    Returns
    -------
    tuple of tuple of int
        The lengths of the blocks along each axis.
    """
    from dask.array.core import normalize_chunks

    lengths, most = list(shape), BLOCK_BYTES // dtype.itemsize
    axes = range(len(shape) - 1)
    for axis in reversed(axes) if is_fortran else axes:
        of_one = prod(lengths) // lengths[axis]
        lengths[axis] = max(1, min(lengths[axis], most // of_one))
        if lengths[axis] > 1:
            break
    chunks: tuple[tuple[int, ...], ...] = normalize_chunks(tuple(lengths), shape)  # type: ignore[no-untyped-call]
    return chunks
