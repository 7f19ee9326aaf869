"""A stack cut into blocks, and one function applied to all of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from functools import partial
from itertools import accumulate, pairwise, product
from math import prod
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.blockwise import computed
from napari_ifealid.engines.cores import core_count, on_all_cores
from napari_ifealid.grid import Region
from napari_ifealid.lazy_arrays import in_blocks
from napari_ifealid.overview.aspect import pixels_in_part
from napari_ifealid.stack import FeatureStack

T = TypeVar("T")


class StackBlocks:
    """Blocks of a stack, each with all features.

    Those of a stack in memory are worked on by all cores, two at a time on two. Those of a lazy
    stack are read when they are needed, in threads or on the cluster of the active
    `dask.distributed` client, and let go.

    Parameters
    ----------
    stack : FeatureStack
    """

    def __init__(self, stack: FeatureStack) -> None:
        self.stack = stack
        self._lazy = in_blocks(stack.values) if stack.is_lazy else None
        chunks = self._chunks() if self._lazy is None else self._lazy.chunks[:-1]
        self.regions: list[Region] = list(product(*map(_slices, chunks)))

    def __len__(self) -> int:
        return len(self.regions)

    def results(
        self, function: Callable[..., T], *arguments: Sequence[Any]
    ) -> Generator[tuple[Region, T]]:
        """Yield the region of each block and what a function returns for it, in order.

        What has not begun when the generator is closed is not done.

        Parameters
        ----------
        function : callable
            `function(block, …)`: a block is a FeatureStack in memory. For a cluster, it can be
            pickled.
        *arguments : sequence
            Further arguments of each call.
        """
        stack = self.stack
        applied = partial(_applied, function, stack.storage)
        run = self._in_memory if self._lazy is None else self._read
        yield from zip(self.regions, run(applied, *arguments), strict=True)

    def _in_memory(self, function: Callable[..., T], *arguments: Sequence[Any]) -> Generator[T]:
        jobs = list(zip(self.regions, *arguments, strict=True))
        for start in range(0, len(jobs), core_count()):
            batch = jobs[start : start + core_count()]
            results: dict[int, T] = {}

            def work(
                numbers: slice,
                batch: list[tuple[Any, ...]] = batch,
                results: dict[int, T] = results,
            ) -> None:
                for number in range(numbers.start, numbers.stop):
                    region, *others = batch[number]
                    results[number] = function(self.stack.values[region], *others)

            on_all_cores(work, len(batch), least=1)
            yield from (results.pop(number) for number in range(len(batch)))

    def _read(self, function: Callable[..., T], *arguments: Sequence[Any]) -> Generator[T]:
        assert self._lazy is not None
        blocks = self._lazy.to_delayed().ravel().tolist()
        early: dict[int, T] = {}
        following = 0
        for number, result in computed(function, blocks, *arguments):
            early[number] = result
            while following in early:
                yield early.pop(following)
                following += 1

    def _chunks(self) -> list[list[int]]:
        """Return the lengths of blocks that are cut along the axes that run slowest."""
        shape = self.stack.spatial_shape
        most = pixels_in_part(self.stack.feature_count)
        chunks = []
        for axis, length in enumerate(shape):
            step = min(max(1, most // prod(shape[axis + 1 :])), length)
            chunks.append([min(step, length - start) for start in range(0, length, step)])
        return chunks


def _slices(lengths: Sequence[int]) -> list[slice]:
    return [slice(*ends) for ends in pairwise(accumulate(lengths, initial=0))]


def _applied(
    function: Callable[..., T], described: dict[str, Any], values: NDArray[Any], *arguments: Any
) -> T:
    """Apply a function to a block, which has become an array."""
    return function(FeatureStack(values=np.asarray(values), name="block", **described), *arguments)
