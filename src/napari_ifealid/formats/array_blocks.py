"""The real values of a stack, block by block, as files hold them."""

from __future__ import annotations

from math import prod
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from napari_ifealid.formats.blocks import MOST_VALUES, Block, block_lengths, blocks, whole_chunks
from napari_ifealid.formats.loading import loaded_block
from napari_ifealid.formats.quantisation import restored
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, every_item

LARGEST_READ = 1 << 28
"""Bytes of a block of a lazy stack that is read at once."""


def real_block(stack: FeatureStack, block: Block) -> NDArray[Any]:
    """Return the real values of a block of a stack, which is read where it is on disk."""
    return _restored(stack, loaded_block(stack, block))


def real_dtype(stack: FeatureStack) -> np.dtype[Any]:
    """Return the type of the real values that are written. Nothing is read for that."""
    return _restored(stack, np.zeros((1,) * stack.values.ndim, stack.values.dtype)).dtype


def rows_in_turn(stack: FeatureStack) -> list[Block]:
    """Return blocks of a stack that follow on each other in a file in C order.

    Of a lazy stack, they are as thick as its chunks along the first axis for which a block is no
    larger than `LARGEST_READ`, so that chunks are read once, or few times.
    """
    values: Any = stack.values
    shape = values.shape
    if not stack.is_lazy:
        return blocks(shape, block_lengths(shape, range(len(shape)), MOST_VALUES))
    chunks, most = values.chunksize, LARGEST_READ // values.dtype.itemsize
    thick = ((*(1,) * axis, chunks[axis], *shape[axis + 1 :]) for axis in range(len(shape)))
    lengths = next((each for each in thick if prod(each) <= most), (1,) * len(shape))
    return blocks(shape, whole_chunks(shape, lengths, MOST_VALUES))


def write_npy_to(stream: IO[bytes], stack: FeatureStack, track: Track) -> None:
    """Write the real values of a stack as a .npy file, block by block."""
    header = {
        "descr": npy.dtype_to_descr(real_dtype(stack)),
        "fortran_order": False,
        "shape": stack.values.shape,
    }
    npy.write_array_header_1_0(stream, header)
    write_values_to(stream, stack, real_dtype(stack), track)


def write_values_to(
    stream: IO[bytes], stack: FeatureStack, dtype: np.dtype[Any], track: Track
) -> None:
    """Write the real values of a stack in C order, as a type that holds them, block by block."""
    todo = rows_in_turn(stack)
    for block in every_item(track, todo, total=len(todo), desc=f"Writing {stack.name}"):
        stream.write(real_block(stack, block).astype(dtype, copy=False).tobytes())


def _restored(stack: FeatureStack, stored: NDArray[Any]) -> NDArray[Any]:
    return restored(FeatureStack(values=stored, name=stack.name, **stack.storage))


def plain_labels(stack: FeatureStack) -> list[str | float]:
    """Return the features' labels as JSON knows them: numbers of Python's, not of NumPy's."""
    assert stack.feature_labels is not None
    return [
        label.item() if isinstance(label, np.generic) else label for label in stack.feature_labels
    ]
