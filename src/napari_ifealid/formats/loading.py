"""Feature stacks that stay on disk, brought into memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.blocks import Block, blocks_near_in_memory
from napari_ifealid.memory import check_memory
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, every_item, untracked


def loaded(stack: FeatureStack, *, track: Track = untracked) -> FeatureStack:
    """Return a stack with its values in memory.

    Parameters
    ----------
    stack : FeatureStack
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Returns
    -------
    FeatureStack
        The same one if its values are no dask array.

    Raises
    ------
    DatasetError
        If memory is short, or if the values can't be read.
    concurrent.futures.CancelledError
        If `track` ended the iteration early.
    """
    if not stack.is_lazy:
        return stack
    try:
        check_memory(stack.values.nbytes)
    except DatasetError as error:
        raise error.inside(stack.name) from error
    values = np.empty(stack.values.shape, stack.values.dtype)
    todo = blocks_near_in_memory(stack.values)
    for block in every_item(track, todo, total=len(todo), desc=f"Reading {stack.name}"):
        values[block] = loaded_block(stack, block)
    return replace(stack, values=values)


def loaded_block(stack: FeatureStack, block: Block) -> NDArray[Any]:
    """Return a block of the stored values as an array in memory.

    Raises
    ------
    DatasetError
        If the values can't be read.
    """
    try:
        return np.asarray(stack.values[block])
    except Exception as error:  # each codec and each kind of storage fails in its own way
        raise cannot_read(stack.name, error) from error


def cannot_read(name: str, error: Exception) -> DatasetError:
    """Return the error for a stack whose values can't be read; a DatasetError with its file."""
    if isinstance(error, DatasetError):
        return error if error.file else error.inside(name)
    return DatasetError(
        f"values that can't be read ({short_reason(error)})",
        expected="undamaged chunks",
        remedy="Copy the data again.",
        file=name,
    )
