"""Segments of a stack: pixels whose vectors gather around the same centre."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.grid import region_shape
from napari_ifealid.overview.aspect import Aspect, known_vectors, parts_of
from napari_ifealid.overview.clusters import fitted_centres, nearest_centres
from napari_ifealid.overview.run_steps import last_of
from napari_ifealid.overview.stack_blocks import StackBlocks
from napari_ifealid.stack import FeatureStack

FEWEST_SEGMENTS, MOST_SEGMENTS = 2, 255

_SAMPLED_PIXELS = 10_000
_SAMPLED_VALUES = 1 << 22  # 32 MB in float64
_WORTH_A_CENTRE = 50  # pixels of the sample
_SHARE_OF_SAMPLE, _SHARE_OF_FIT = 0.3, 0.3  # of the progress; the rest is for all pixels


@dataclass(frozen=True, eq=False)
class Segments:
    """Segments of a stack, the largest first.

    Parameters
    ----------
    labels : array of int32, shape (...)
        The segment of each pixel, numbered from 1 by falling size; 0 where a pixel is left out.
    centres : array of float64, shape (k, C)
        What the segments gather around; of directions, at unit length.
    aspect : Aspect
        What the segments are of.
    """

    labels: NDArray[np.int32]
    centres: NDArray[np.float64]
    aspect: Aspect

    @property
    def sizes(self) -> NDArray[np.intp]:
        """How many pixels each has, shape (k,)."""
        return np.bincount(self.labels.ravel(), minlength=len(self.centres) + 1)[1:]


def segments(
    stack: FeatureStack, count: int, *, aspect: Aspect | str = Aspect.DIRECTIONS
) -> Segments:
    """Return the pixels of a stack in groups of like ones, by k-means.

    The centres are found from a sample of at most 10 000 pixels, the same each time; then each
    pixel belongs to the nearest centre. A lazy stack is read block by block, twice, on the active
    `dask.distributed` cluster where there is one.

    Parameters
    ----------
    stack : FeatureStack
    count : int
        How many segments, from 2 to 255.
    aspect : Aspect or str, optional
        "directions": the nearest centre is that of the smallest spectral angle; zero vectors are
        left out. "values": that of the smallest Euclidean distance.

    Returns
    -------
    Segments
        Fewer than `count` if the stack has fewer different pixels. Pixels that are not finite are
        left out.

    Raises
    ------
    ValueError
        If the number is outside of its limits, or there is no such aspect.
    DatasetError
        If the values of the stack can't be read.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_ifealid import FeatureStack, segments
    >>> spectra = np.array([[[1, 0], [9, 1], [1, 8]], [[5, 0], [0, 1], [0, 0]]])
    >>> segments(FeatureStack(values=spectra, name="two directions"), 2).labels
    array([[1, 1, 2],
           [1, 2, 0]], dtype=int32)
    """
    return last_of(segment_steps(stack, count, Aspect(aspect)), stack)


def segment_steps(stack: FeatureStack, count: int, aspect: Aspect) -> Generator[float | Segments]:
    """Find the segments of a stack step by step, see `segments`.

    Yields
    ------
    float or Segments
        How much is done, 0 to 1, after each step; the segments at the end.
    """
    if not FEWEST_SEGMENTS <= count <= MOST_SEGMENTS:
        raise ValueError(
            f"{count} segments; expected a number from {FEWEST_SEGMENTS} to {MOST_SEGMENTS}"
        )
    blocks = StackBlocks(stack)
    sample = yield from _sample_steps(blocks, count, aspect)
    labels = np.zeros(stack.spatial_shape, np.int32)
    if len(sample) == 0:
        yield Segments(labels, np.empty((0, stack.feature_count)), aspect)
        return
    centres = np.empty((0, stack.feature_count))
    for item in fitted_centres(sample, count, aspect):
        if isinstance(item, float):
            yield _SHARE_OF_SAMPLE + _SHARE_OF_FIT * item
        else:
            centres = item
    begun = _SHARE_OF_SAMPLE + _SHARE_OF_FIT
    assign = partial(_assigned, aspect=aspect, centres=centres)
    for done, (region, part) in enumerate(blocks.results(assign), 1):
        labels[region] = part
        yield begun + (1.0 - begun) * done / len(blocks)
    yield _by_falling_size(labels, centres, aspect)


def _sample_steps(
    blocks: StackBlocks, count: int, aspect: Aspect
) -> Generator[float, None, NDArray[np.float64]]:
    """Read the vectors of some pixels that have what counts, wherever the blocks are cut."""
    stack = blocks.stack
    total = stack.pixel_count
    most = max(count, min(_SAMPLED_PIXELS, _SAMPLED_VALUES // stack.feature_count))
    sample = yield from _vector_steps(blocks, _chosen(total, most), aspect)
    if len(sample) < _WORTH_A_CENTRE * count and most < total:
        is_known = np.zeros(stack.spatial_shape, bool)
        for region, part in blocks.results(partial(_known, aspect=aspect)):
            is_known[region] = part
            yield _SHARE_OF_SAMPLE
        known = np.flatnonzero(is_known)
        sample = yield from _vector_steps(blocks, known[_chosen(len(known), most)], aspect)
    return sample


def _chosen(total: int, most: int) -> NDArray[np.intp]:
    """Return numbers below a total in order: all of them, or as many as asked for, drawn."""
    if total <= most:
        return np.arange(total)
    rng = np.random.default_rng(0)
    return np.sort(rng.choice(total, most, replace=False, shuffle=False))


def _vector_steps(
    blocks: StackBlocks, numbers: NDArray[np.intp], aspect: Aspect
) -> Generator[float, None, NDArray[np.float64]]:
    """Read the vectors of pixels, by their numbers in C order; without those that have none."""
    stack = blocks.stack
    pixels = np.array(np.unravel_index(numbers, stack.spatial_shape))
    places, rows = [], []
    for region in blocks.regions:
        first = np.array([[part.start] for part in region])
        within = pixels - first
        is_inside = ((within >= 0) & (within < np.array(region_shape(region))[:, None])).all(axis=0)
        places.append(np.flatnonzero(is_inside))
        rows.append(np.ravel_multi_index(tuple(within[:, is_inside]), region_shape(region)))
    vectors = np.empty((len(numbers), stack.feature_count))
    is_known = np.zeros(len(numbers), bool)
    taken = blocks.results(partial(_taken, aspect=aspect), rows)
    for done, (place, (_, part)) in enumerate(zip(places, taken, strict=True), 1):
        vectors[place], is_known[place] = part
        yield _SHARE_OF_SAMPLE * done / len(blocks)
    return vectors[is_known]


def _taken(
    block: FeatureStack, rows: NDArray[np.intp], aspect: Aspect
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    stored = block.values.reshape(-1, block.feature_count)[rows]
    return known_vectors(block, stored, aspect)


def _known(block: FeatureStack, aspect: Aspect) -> NDArray[np.bool_]:
    parts = [is_known for _, _, is_known in parts_of(block, aspect)]
    return np.concatenate(parts).reshape(block.spatial_shape)


def _assigned(
    block: FeatureStack, aspect: Aspect, centres: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Return the number of the nearest centre of each pixel, from 1; 0 for those left out."""
    numbers = np.zeros(block.pixel_count, np.uint8)
    for rows, vectors, is_known in parts_of(block, aspect):
        with np.errstate(invalid="ignore", over="ignore"):  # of pixels that are left out
            numbers[rows] = np.where(is_known, nearest_centres(vectors, centres) + 1, 0)
    return numbers.reshape(block.spatial_shape)


def _by_falling_size(
    labels: NDArray[np.int32], centres: NDArray[np.float64], aspect: Aspect
) -> Segments:
    """Return the segments that have a pixel, numbered by falling size."""
    sizes = np.bincount(labels.ravel(), minlength=len(centres) + 1)[1:]
    order = np.argsort(-sizes, kind="stable")
    order = order[sizes[order] > 0]
    renumbered = np.zeros(len(centres) + 1, np.int32)
    renumbered[order + 1] = np.arange(1, len(order) + 1)
    return Segments(renumbered[labels], centres[order], aspect)
