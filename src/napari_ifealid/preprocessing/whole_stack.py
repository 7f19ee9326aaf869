"""A stack as it is after a step: in memory where that fits, else block by block when it is read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.formats.blocks import block_lengths, blocks
from napari_ifealid.good_features import good_features
from napari_ifealid.lazy_arrays import in_blocks, lazy
from napari_ifealid.memory import fits_memory
from napari_ifealid.preprocessing.steps import Step, step_named
from napari_ifealid.preprocessing.transform import Transform, transform_of
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, every_item, untracked

_BLOCK_VALUES = 1 << 20  # of a core at a time


def preprocess(stack: FeatureStack, step: Step | str, *, track: Track = untracked) -> FeatureStack:
    """Return a stack as it is after a step, over the features that its bands call good.

    Parameters
    ----------
    stack : FeatureStack
    step : Step or str
        "continuum removed", "first derivative", "standard normal variate", "mean-centred", "unit
        sum" or "unit length".
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Returns
    -------
    FeatureStack
        See `preprocessed`.

    Raises
    ------
    ValueError
        If there is no such step.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_ifealid import FeatureStack, preprocess
    >>> stack = FeatureStack(values=np.array([[[1, 3], [2, 6]]]), name="Meadow")
    >>> preprocess(stack, "unit sum").values
    array([[[0.25, 0.75],
            [0.25, 0.75]]], dtype=float32)
    """
    step = step if isinstance(step, Step) else step_named(step)
    return preprocessed(stack, transform_of(stack, step, good_features(stack), track=track), track)


def preprocessed(
    stack: FeatureStack, transform: Transform, track: Track = untracked
) -> FeatureStack:
    """Return a stack as it is after a step.

    Parameters
    ----------
    stack : FeatureStack
        It is left as it is.
    transform : Transform
        Of this stack.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Returns
    -------
    FeatureStack
        Its values are real ones of float32. Those of a lazy stack, and of one that would take more
        than its share of the memory, are a dask array.
    """
    function = _Block(transform, stack.storage)
    if stack.is_lazy or not fits_memory(4 * prod(stack.values.shape)):
        values = _read_later(stack.values, function)
    else:
        values = _made_now(stack, function, track)
    return replace(
        stack,
        values=values,
        name=f"{stack.name}, {transform.step.name}",
        precision=None,
        value_range=None,
        real_dtype=None,
        gain=1.0,
        nodata=None,
    )


@dataclass(frozen=True, eq=False)
class _Block:
    """Makes a block. Can be pickled."""

    transform: Transform
    storage: dict[str, Any]

    def __call__(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        if not stored.size:  # dask asks for the type so
            return np.empty(stored.shape, np.float32)
        stack = FeatureStack(values=stored, name="block", **self.storage)
        with np.errstate(over="ignore"):  # beyond the largest float32
            return self.transform.of(stack.real_values(stored)).astype(np.float32)


def _read_later(values: Any, function: _Block) -> Any:
    is_lazy = not isinstance(values, np.ndarray)
    blocks_of = in_blocks(values if is_lazy else lazy(values, "auto"))
    return blocks_of.map_blocks(function, dtype=np.float32)


def _made_now(stack: FeatureStack, function: _Block, track: Track) -> NDArray[np.float32]:
    from napari_ifealid.engines.cores import core_count, on_all_cores  # engines import vispy

    shape = stack.values.shape
    result = np.empty(shape, np.float32)
    *spatial, features = shape
    lengths = block_lengths(shape[:-1], range(len(spatial)), max(1, _BLOCK_VALUES // features))
    todo = blocks(shape[:-1], lengths)
    batches = [todo[start : start + core_count()] for start in range(0, len(todo), core_count())]
    for batch in every_item(track, batches, total=len(batches), desc=f"Preparing {stack.name}"):

        def work(numbers: slice, batch: list[tuple[slice, ...]] = batch) -> None:
            for block in batch[numbers]:
                result[block] = function(stack.values[block])

        on_all_cores(work, len(batch), least=1)
    return result
