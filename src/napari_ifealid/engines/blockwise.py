"""Maps of stacks that stay on disk: block by block, in threads or on a dask cluster."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.classes import Classes
from napari_ifealid.engines.cores import core_count
from napari_ifealid.engines.cpu import CpuEngine
from napari_ifealid.engines.engine import ClassPart, MapPart, classes_of, whole_map
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.engines.preview import (
    SAMPLE,
    Preview,
    PrincipalAxes,
    axis_count,
    codes_of,
    measured_errors,
    sampled_rows,
    sampled_units,
)
from napari_ifealid.engines.stack_moments import moments_of
from napari_ifealid.grid import Region, intersection, region_shape, whole_region, within
from napari_ifealid.lazy_arrays import in_blocks
from napari_ifealid.measures import Background, Measure, Moments, Needs, UsedFeatures
from napari_ifealid.query import Query
from napari_ifealid.stack import FeatureStack

if TYPE_CHECKING:
    from dask.delayed import Delayed

_SAMPLED_BLOCKS = 32

Part = TypeVar("Part")


class BlockwiseEngine:
    """Answers queries for a stack whose values are a dask array.

    Each block is read, compared and let go. Where a `dask.distributed` client is active, that
    happens on its cluster.

    Parameters
    ----------
    stack : FeatureStack
    """

    name = "CPU, block by block"
    needs_gui_thread = False

    def __init__(self, stack: FeatureStack) -> None:
        self._stack = stack
        values = in_blocks(stack.values)
        self._blocks: list[Region] = [block[:-1] for block in product(*map(_slices, values.chunks))]
        self._values: list[Delayed] = values.to_delayed().ravel().tolist()
        self._backgrounds: dict[UsedFeatures | None, Background] = {}  # of the features used last

    @property
    def memory(self) -> int:
        """Bytes held: the statistics of the stack, once a measure has needed them."""
        covariances = (known.covariance for known in self._backgrounds.values())
        return sum(0 if covariance is None else covariance.nbytes for covariance in covariances)

    @property
    def spread(self) -> float | None:
        """Spread of the vectors in the stack's own units, once it is known."""
        known = next(iter(self._backgrounds.values()), None)
        return None if known is None else known.spread * known.scale

    def refusal(self, measure: Measure) -> str:  # noqa: ARG002
        """Return nothing: every measure is computed."""
        return ""

    def is_prepared(self, measure: Measure) -> bool:
        """Return whether the statistics that a measure needs are known."""
        if measure.needs is Needs.NOTHING:
            return True
        known = self._backgrounds.get(measure.features)
        return known is not None and (measure.needs is Needs.SPREAD or known.covariance is not None)

    def preparation_step_count(self, measure: Measure) -> int:  # noqa: ARG002
        """Return how many blocks there are."""
        return len(self._blocks)

    def preparation_steps(self, measure: Measure) -> Generator[None]:
        """Measure the statistics of the whole stack block by block, see `Engine`."""
        if self.is_prepared(measure):
            return
        has_scatter = measure.needs is Needs.COVARIANCE
        measured = partial(
            _moments,
            described=self._described,
            used=measure.features,
            has_scatter=has_scatter,
        )
        joined = _InOrder()
        for number, part in computed(measured, self._values):
            joined.add(number, part)
            yield None
        self._backgrounds = {measure.features: Background.from_moments(joined.moments)}

    def part_count(self, region: Region) -> int:
        """Return how many blocks have pixels in a region."""
        return len(self._overlaps(region))

    def parts(self, query: Query, region: Region) -> Generator[MapPart]:
        """Yield the map of each block as it is done, see `Engine`."""
        yield from self._parts(self._answering(_compared, query), region)

    def class_parts(self, query: Query, region: Region) -> Generator[ClassPart]:
        """Yield the classes of each block as they are found, see `Engine`."""
        yield from self._parts(self._answering(_classified, query), region)

    def feature_parts(self, features: range, region: Region) -> Generator[MapPart]:
        """Yield the mean of features in each block as it is read, see `Engine`."""
        taken = partial(_mean_image, described=self._described, features=features)
        yield from self._parts(taken, region)

    @property
    def preview_step_count(self) -> int:
        """How many steps there are to building a preview: samples, codes, and the preview."""
        return min(len(self._blocks), _SAMPLED_BLOCKS) + len(self._blocks) + 1

    def preview_steps(
        self, budget: int, features: UsedFeatures | None = None
    ) -> Generator[Preview | None]:
        """Build a preview block by block, see `Engine`."""
        shape = self._stack.spatial_shape
        used = self._stack.feature_count if features is None else len(features.numbers)
        count = axis_count(budget, self._stack.pixel_count, used)
        if count == 0:
            return
        rng = np.random.default_rng(0)
        chosen = rng.permutation(len(self._values))[:_SAMPLED_BLOCKS]
        share = -(-SAMPLE // len(chosen))
        sampled = partial(_sampled, described=self._described, used=features, count=share)
        units = []
        for _, part in computed(sampled, [self._values[number] for number in chosen]):
            units.append(part)
            yield None
        sample = np.concatenate(units)
        if len(sample) == 0:
            return
        axes = PrincipalAxes.of(sample, count)
        codes = np.empty((*shape, count), np.uint8)
        flags = np.empty((2, *shape), bool)
        encoded = partial(_encoded, described=self._described, used=features, axes=axes)
        for number, (part, part_flags) in computed(encoded, self._values):
            codes[self._blocks[number]] = part
            flags[:, *self._blocks[number]] = part_flags
            yield None
        is_zero, is_invalid = flags.reshape(2, -1)
        yield Preview(
            axes=axes,
            features=features,
            codes=codes.reshape(-1, count),
            is_zero=is_zero,
            is_invalid=is_invalid,
            spatial_shape=shape,
            errors=measured_errors(sample, count),
        )

    def accelerate(self) -> None:
        """Do nothing: the first block begins to compile for the later ones."""

    def close(self) -> None:
        """Do nothing: nothing is held."""

    def _answering(self, function: Callable[..., Part], query: Query) -> Callable[..., Part]:
        """Return a function of a block and a region, with all it needs to answer a query."""
        for _ in self.preparation_steps(query.measure):
            pass
        is_needed = query.measure.needs is not Needs.NOTHING
        return partial(
            function,
            described=self._described,
            query=query,
            background=self._backgrounds[query.measure.features] if is_needed else None,
        )

    def _parts(
        self, function: Callable[..., Part], region: Region
    ) -> Generator[tuple[Region, Part]]:
        overlaps = self._overlaps(region)
        numbers = list(overlaps)
        jobs = [
            (self._values[number], within(overlap, self._blocks[number]))
            for number, overlap in overlaps.items()
        ]
        for job, part in computed(function, *zip(*jobs, strict=True)):
            yield overlaps[numbers[job]], part

    def _overlaps(self, region: Region) -> dict[int, Region]:
        """Return the intersection of a region with each block, by the block's number."""
        overlaps = ((n, intersection(block, region)) for n, block in enumerate(self._blocks))
        return {number: overlap for number, overlap in overlaps if overlap is not None}

    @property
    def _described(self) -> dict[str, Any]:
        """Facts about the values, such as their lengths, as far as known."""
        return self._stack.storage


class _InOrder:
    """Joins the moments of blocks in their order: each time the last digits are the same."""

    def __init__(self) -> None:
        self.moments: list[Moments] = []
        self._early: dict[int, Moments] = {}
        self._next = 0

    def add(self, number: int, moments: Moments) -> None:
        """Join the moments of a block, once those of all before it are known."""
        self._early[number] = moments
        while self._next in self._early:
            self.moments = [*self.moments, self._early.pop(self._next)]
            if len(self.moments) > 1:
                self.moments = [self.moments[0].joined(self.moments[1])]
            self._next += 1


def computed(
    function: Callable[..., Any], blocks: Sequence[Delayed], *arguments: Sequence[Any]
) -> Generator[tuple[int, Any]]:
    """Yield the number of each block and what a function returns for it, as they are done.

    On the cluster of the active `dask.distributed` client, if there is one, else in threads. What
    has not begun when the generator is closed is not done.

    Parameters
    ----------
    function : callable
    blocks : sequence of Delayed
        The first argument of each call, computed.
    *arguments : sequence
        Further arguments of each call.
    """
    client = _active_client()
    if client is None:
        yield from _computed_in_threads(function, blocks, *arguments)
        return
    from dask.delayed import delayed
    from distributed import as_completed as completed_remotely

    call = delayed(function, pure=False)
    futures = client.compute([call(*job) for job in zip(blocks, *arguments, strict=True)])
    numbers = {future.key: number for number, future in enumerate(futures)}
    try:
        for future, result in completed_remotely(futures, with_results=True):
            yield numbers[future.key], result
    finally:
        client.cancel(futures)


def _computed_in_threads(
    function: Callable[..., Any], blocks: Sequence[Delayed], *arguments: Sequence[Any]
) -> Generator[tuple[int, Any]]:
    def read_and_compute(block: Any, *others: Any) -> Any:
        return function(block.compute(scheduler="synchronous"), *others)

    pool = ThreadPoolExecutor(core_count(), thread_name_prefix="blocks")
    try:
        futures = {
            pool.submit(read_and_compute, *job): number
            for number, job in enumerate(zip(blocks, *arguments, strict=True))
        }
        for future in as_completed(futures):
            yield futures.pop(future), future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _active_client() -> Any:
    """Return the `dask.distributed` client that the user has made, None without one.

    Within a task there is none: it would wait for workers that are waiting for it.
    """
    if "distributed" not in sys.modules:
        return None
    from distributed import default_client, get_worker

    with suppress(ValueError):
        get_worker()
        return None
    with suppress(ValueError):
        return default_client()
    return None


def _slices(lengths: Sequence[int]) -> list[slice]:
    ends = np.cumsum(lengths).tolist()
    return [slice(end - length, end) for end, length in zip(ends, lengths, strict=True)]


def _stack(values: NDArray[Any], described: dict[str, Any]) -> FeatureStack:
    return FeatureStack(values=np.asarray(values), name="block", **described)


def _compared(
    values: NDArray[Any],
    region: Region,
    described: dict[str, Any],
    query: Query,
    background: Background | None,
) -> NDArray[np.float32]:
    """Return the map of a region of a block."""
    stack = _stack(values[region], described)
    engine = CpuEngine(PixelVectors.of(stack, query.measure.features), background)
    engine.accelerate()  # later blocks
    whole = whole_region(region_shape(region))
    return whole_map(engine.parts(query, whole), whole)


def _classified(
    values: NDArray[Any],
    region: Region,
    described: dict[str, Any],
    query: Query,
    background: Background | None,
) -> Classes:
    """Return the classes of a region of a block."""
    stack = _stack(values[region], described)
    engine = CpuEngine(PixelVectors.of(stack, query.measure.features), background)
    return classes_of(engine, query, whole_region(region_shape(region)))


def _moments(
    values: NDArray[Any],
    described: dict[str, Any],
    used: UsedFeatures | None,
    has_scatter: bool,
) -> Moments:
    """Return the moments of the vectors of a block."""
    return moments_of(PixelVectors.of(_stack(values, described), used), has_scatter=has_scatter)


def _mean_image(
    values: NDArray[Any], region: Region, described: dict[str, Any], features: range
) -> NDArray[np.float32]:
    """Return the mean of features in a region of a block."""
    return _stack(values, described).mean_image(features, region)


def _sampled(
    values: NDArray[Any], described: dict[str, Any], used: UsedFeatures | None, count: int
) -> NDArray[np.float32]:
    """Return unit vectors of some pixels of a block."""
    pixels = PixelVectors.of(_stack(values, described), used)
    return sampled_units(pixels, sampled_rows(pixels, count))


def _encoded(
    values: NDArray[Any],
    described: dict[str, Any],
    used: UsedFeatures | None,
    axes: PrincipalAxes,
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the codes of a block, and which pixels are zero and which are not finite."""
    pixels = PixelVectors.of(_stack(values, described), used)
    shape = pixels.stack.spatial_shape
    flags = np.stack([pixels.is_zero, pixels.is_invalid])
    return codes_of(pixels, axes).reshape(*shape, -1), flags.reshape(2, *shape)
