"""Maps of stacks that stay on disk: block by block, in threads or on a dask cluster."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial, reduce
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.cores import core_count
from napari_ifealid.engines.cpu import CpuEngine
from napari_ifealid.engines.pixels import PixelVectors
from napari_ifealid.engines.preview import (
    SAMPLE,
    Directions,
    Preview,
    codes_of,
    direction_count,
    measured_error,
    unit_vectors,
)
from napari_ifealid.stack import FeatureStack

if TYPE_CHECKING:
    from dask.delayed import Delayed

Block = tuple[slice, ...]

_BLOCK_BYTES = 1 << 25  # large enough that dask's own work does not count
_SAMPLED_BLOCKS = 32


class BlockwiseEngine:
    """Compares vectors with the pixels of a stack whose values are a dask array.

    Each block is read, compared and let go. Where a `dask.distributed` client is active, that
    happens on its cluster.

    Parameters
    ----------
    stack : FeatureStack
    """

    name = "CPU, block by block"
    memory = 0

    def __init__(self, stack: FeatureStack) -> None:
        self._stack = stack
        values = in_blocks(stack.values)
        self.blocks: list[Block] = [block[:-1] for block in product(*map(_slices, values.chunks))]
        self._values: list[Delayed] = values.to_delayed().ravel().tolist()

    def similarity_blocks(
        self, references: Sequence[NDArray[Any]]
    ) -> Generator[tuple[Block, NDArray[np.float32]]]:
        """Yield the largest of the similarities to references, block by block as they are done.

        What has not begun when the generator is closed is not done.

        Parameters
        ----------
        references : sequence of array, shape (C,)
            Real values, in the stack's own units.

        Yields
        ------
        (tuple of slice, array of float32)
            Where the block lies, and its part of the map.
        """
        compared = partial(_compared, described=self._described, references=references)
        for number, part in computed(compared, self._values):
            yield self.blocks[number], part

    def similarity_map(self, reference: NDArray[Any]) -> NDArray[np.float32]:
        """Return the whole map, as any `Engine` does."""
        similarity = np.empty(self._stack.spatial_shape, np.float32)
        for block, part in self.similarity_blocks([reference]):
            similarity[block] = part
        return similarity

    @property
    def preview_step_count(self) -> int:
        """How many steps there are to building a preview."""
        return min(len(self.blocks), _SAMPLED_BLOCKS) + len(self.blocks) + 1

    def preview_steps(self, budget: int) -> Generator[Preview | None]:
        """Build a preview block by block.

        Parameters
        ----------
        budget : int
            Bytes that it may take.

        Yields
        ------
        Preview or None
            None after each block; the preview at the end, unless the budget is too small for any,
            or there is nothing but zeros.
        """
        shape, features = self._stack.spatial_shape, self._stack.feature_count
        count = direction_count(budget, self._stack.pixel_count, features)
        if count == 0:
            return
        rng = np.random.default_rng(0)
        chosen = rng.permutation(len(self._values))[:_SAMPLED_BLOCKS]
        share = -(-SAMPLE // len(chosen))
        sampled = partial(_sampled, described=self._described, count=share)
        units = []
        for _, part in computed(sampled, [self._values[number] for number in chosen]):
            units.append(part)
            yield None
        sample = np.concatenate(units)
        if len(sample) == 0:
            return
        directions = Directions.of(sample, count)
        codes = np.empty((*shape, count), np.uint8)
        flags = np.empty((2, *shape), bool)
        encoded = partial(_encoded, described=self._described, directions=directions)
        for number, (part, part_flags) in computed(encoded, self._values):
            codes[self.blocks[number]] = part
            flags[:, *self.blocks[number]] = part_flags
            yield None
        is_zero, is_invalid = flags.reshape(2, -1)
        yield Preview(
            directions=directions,
            codes=codes.reshape(-1, count),
            is_zero=is_zero,
            is_invalid=is_invalid,
            spatial_shape=shape,
            error=measured_error(directions, sample),
        )

    def close(self) -> None:
        """Nothing to give back."""

    @property
    def _described(self) -> dict[str, Any]:
        """What is known of the values beside themselves."""
        stack = self._stack
        return {"value_range": stack.value_range, "real_dtype": stack.real_dtype}


def in_blocks(values: Any) -> Any:
    """Cut a dask array of shape (..., C) into blocks worth reading, each with all features."""
    return values.rechunk(_whole_pixels(values), block_size_limit=_BLOCK_BYTES)


def block_chunks(values: Any) -> tuple[tuple[int, ...], ...]:
    """Return how `in_blocks` cuts an array that is in one piece."""
    from dask.array.core import normalize_chunks  # dask takes long to import

    wanted = _whole_pixels(values)
    chunks: tuple[tuple[int, ...], ...] = normalize_chunks(  # type: ignore[no-untyped-call]
        wanted, values.shape, limit=_BLOCK_BYTES, dtype=values.dtype
    )
    return chunks


def computed(
    function: Callable[[Any], Any], blocks: Sequence[Delayed]
) -> Generator[tuple[int, Any]]:
    """Yield the number of each block and what a function makes of it, as they are done.

    On the cluster of the active `dask.distributed` client, if there is one, else in threads. What
    has not begun when the generator is closed is not done.
    """
    client = _active_client()
    if client is None:
        yield from _computed_in_threads(function, blocks)
        return
    from dask.delayed import delayed
    from distributed import as_completed as completed_remotely

    futures = client.compute([delayed(function, pure=False)(block) for block in blocks])
    numbers = {future.key: number for number, future in enumerate(futures)}
    try:
        for future, result in completed_remotely(futures, with_results=True):
            yield numbers[future.key], result
    finally:
        client.cancel(futures)


def _computed_in_threads(
    function: Callable[[Any], Any], blocks: Sequence[Delayed]
) -> Generator[tuple[int, Any]]:
    def read_and_compute(block: Any) -> Any:
        return function(block.compute(scheduler="synchronous"))

    pool = ThreadPoolExecutor(core_count(), thread_name_prefix="blocks")
    try:
        futures = {
            pool.submit(read_and_compute, block): number for number, block in enumerate(blocks)
        }
        for future in as_completed(futures):
            yield futures.pop(future), future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _active_client() -> Any:
    """Return the `dask.distributed` client that the user has made, None without one."""
    if "distributed" not in sys.modules:
        return None
    from distributed import default_client

    try:
        return default_client()
    except ValueError:
        return None


def _whole_pixels(values: Any) -> tuple[Any, ...]:
    return (*("auto",) * (values.ndim - 1), -1)


def _slices(lengths: Sequence[int]) -> list[slice]:
    ends = np.cumsum(lengths).tolist()
    return [slice(end - length, end) for end, length in zip(ends, lengths, strict=True)]


def _pixels(values: NDArray[Any], described: dict[str, Any]) -> PixelVectors:
    return PixelVectors.of(FeatureStack(values=np.asarray(values), name="block", **described))


def _compared(
    values: NDArray[Any], described: dict[str, Any], references: Sequence[NDArray[Any]]
) -> NDArray[np.float32]:
    engine = CpuEngine(_pixels(values, described))
    engine.accelerate()  # later blocks
    return reduce(np.fmax, map(engine.similarity_map, references))


def _sampled(values: NDArray[Any], described: dict[str, Any], count: int) -> NDArray[np.float32]:
    """Return unit vectors of some pixels of a block."""
    pixels = _pixels(values, described)
    known = np.flatnonzero(~(pixels.is_zero | pixels.is_invalid))
    rng = np.random.default_rng(0)
    return unit_vectors(pixels, np.sort(rng.permutation(known)[:count]))


def _encoded(
    values: NDArray[Any], described: dict[str, Any], directions: Directions
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the codes of a block, and which pixels are zero and which are not finite."""
    pixels = _pixels(values, described)
    codes = codes_of(pixels, directions).reshape(*pixels.spatial_shape, -1)
    flags = np.stack([pixels.is_zero, pixels.is_invalid])
    return codes, flags.reshape(2, *pixels.spatial_shape)
