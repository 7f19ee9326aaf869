"""The real values of a stack, block by block, as files hold them."""

from __future__ import annotations

from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from napari_ifealid.formats.blocks import MOST_VALUES, Block, block_lengths, blocks
from napari_ifealid.formats.quantisation import restored
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, every_item


def real_block(stack: FeatureStack, block: Block) -> NDArray[Any]:
    """Return the real values of a block of a stack in memory."""
    return restored(FeatureStack(values=stack.values[block], name=stack.name, **stack.storage))


def real_dtype(stack: FeatureStack) -> np.dtype[Any]:
    """Return the type of the real values that are written."""
    return real_block(stack, (slice(1),) * stack.values.ndim).dtype


def write_npy_to(stream: IO[bytes], stack: FeatureStack, track: Track) -> None:
    """Write the real values of a stack in memory as a .npy file."""
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
    """Write the real values of a stack in memory in C order, as a type that holds them."""
    shape = stack.values.shape
    # cut along the first axes first, blocks are what follows on each other in the file
    todo = blocks(shape, block_lengths(shape, range(len(shape)), MOST_VALUES))
    for block in every_item(track, todo, total=len(todo), desc=f"Writing {stack.name}"):
        stream.write(real_block(stack, block).astype(dtype, copy=False).tobytes())


def plain_labels(stack: FeatureStack) -> list[str | float]:
    """Return the features' labels as JSON knows them: numbers of Python's, not of NumPy's."""
    assert stack.feature_labels is not None
    return [
        label.item() if isinstance(label, np.generic) else label for label in stack.feature_labels
    ]
