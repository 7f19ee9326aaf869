"""Blocks of a large array, to be worked on one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np

MOST_VALUES = 1 << 20
"""Values of a block that takes up little memory."""

LAZY_VALUES = 1 << 23
"""Values of a block of a dask array: several chunks, for all cores."""

Block = tuple[slice, ...]


def block_lengths(shape: Sequence[int], axes: Sequence[int], most: int) -> tuple[int, ...]:
    """Return the lengths of blocks of no more than so many values.

    Parameters
    ----------
    shape : sequence of int
        Of the array.
    axes : sequence of int
        All axes, in the order in which they are cut: the last ones stay whole if they can.
    most : int
        Values of a block.
    """
    lengths = list(shape)
    for axis in axes:
        others = prod(lengths) // lengths[axis]
        lengths[axis] = max(1, min(lengths[axis], most // others))
    return tuple(lengths)


def blocks(shape: Sequence[int], lengths: Sequence[int]) -> list[Block]:
    """Return the indices of all blocks of an array, in C order.

    Parameters
    ----------
    shape : sequence of int
        Of the array.
    lengths : sequence of int
        Of a block along each axis. Blocks at the ends may be shorter.
    """
    along_axes = (
        [slice(start, min(start + length, end)) for start in range(0, end, length)]
        for end, length in zip(shape, lengths, strict=True)
    )
    return list(product(*along_axes))


def whole_chunks(shape: Sequence[int], chunks: Sequence[int], least: int) -> tuple[int, ...]:
    """Return the lengths of blocks that are made of whole chunks.

    Parameters
    ----------
    shape, chunks : sequence of int
        Of the array, and of a chunk.
    least : int
        Values of a block, where the array has as many. The last axes are the first to be whole.
    """
    lengths = [min(chunk, whole) for chunk, whole in zip(chunks, shape, strict=True)]
    for axis in reversed(range(len(shape))):
        factor = max(1, -(-least // prod(lengths)))
        lengths[axis] = min(shape[axis], factor * lengths[axis])
    return tuple(lengths)


def blocks_near_in_memory(values: Any) -> list[Block]:
    """Return the indices of blocks that take up little more than their own part of memory.

    Parameters
    ----------
    values : array or dask array
        Of a dask array, a block is made of whole chunks.
    """
    if not isinstance(values, np.ndarray):
        return blocks(values.shape, whole_chunks(values.shape, values.chunksize, LAZY_VALUES))
    far_axes_first = np.argsort([-abs(stride) for stride in values.strides], kind="stable")
    lengths = block_lengths(values.shape, far_axes_first.tolist(), MOST_VALUES)
    return blocks(values.shape, lengths)
