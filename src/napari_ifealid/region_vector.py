"""The mean of the vectors of several pixels, read block by block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.grid import Region
from napari_ifealid.measures import Moments, UsedFeatures
from napari_ifealid.stack import FeatureStack

_BLOCK = 1 << 18  # values that stay in a core's cache
_LAZY_BLOCK = 1 << 24


@dataclass(frozen=True, eq=False)
class RegionVector:
    """The mean of the vectors of a region's pixels.

    Parameters
    ----------
    mean, deviation : array of float64, shape (C,)
        Of the real values, the deviation that of the population; NaN where there is no pixel, and
        of an unused feature where one of the pixels has none.
    count : int
        Pixels that they are of: those whose values are all finite, of the features that are used.
    left_out : int
        The other pixels of the region.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    count: int
    left_out: int


def region_vector(
    stack: FeatureStack, pixels: NDArray[np.intp], used: UsedFeatures | None = None
) -> RegionVector:
    """Return the mean of some pixels and their standard deviation, read block by block.

    Parameters
    ----------
    stack : FeatureStack
    pixels : array of int, shape (N,)
        Numbers of one or more pixels in C order, rising.
    used : UsedFeatures, optional
        A pixel may lack other features than these; all are used unless given.
    """
    real = (stack.real_values(stored) for stored in _blocks(stack, pixels))
    return mean_and_deviation(real, len(pixels), used)


def mean_and_deviation(
    blocks: Iterable[NDArray[np.float64]], count: int, used: UsedFeatures | None
) -> RegionVector:
    """Return the mean of vectors and their standard deviation, block by block.

    Parameters
    ----------
    blocks : iterable of array of float64, shape (M, C)
        Real values, one block or more.
    count : int
        How many vectors there are.
    used : UsedFeatures or None
        A vector may lack other features than these; None for all.
    """
    moments: Moments | None = None
    lacks: NDArray[np.bool_] | None = None  # of features that are not used
    for values in blocks:
        if moments is None or lacks is None:
            moments = Moments.none(values.shape[1], has_scatter=False)
            lacks = np.zeros(values.shape[1], bool)
        if used is not None:
            values = values[np.isfinite(used.taken(values)).all(axis=1)]
            is_known = np.isfinite(values)
            lacks |= ~is_known.all(axis=0)
            values[~is_known] = 0.0
        moments = moments.joined(Moments.of(values, has_scatter=False))
    assert moments is not None
    assert lacks is not None
    if moments.count == 0:
        unknown = np.full(len(lacks), np.nan)
        return RegionVector(unknown, unknown, 0, count)
    mean = np.where(lacks, np.nan, moments.mean)
    deviation = np.where(lacks, np.nan, np.sqrt(moments.squares / moments.count))
    return RegionVector(mean, deviation, moments.count, count - moments.count)


def _blocks(stack: FeatureStack, pixels: NDArray[np.intp]) -> Iterator[NDArray[np.float64]]:
    """Yield the stored values of the pixels, arrays of shape (M, C)."""
    indices = np.unravel_index(pixels, stack.spatial_shape)
    box = tuple(slice(int(part.min()), int(part.max()) + 1) for part in indices)
    row_length = stack.feature_count
    for part in box[1:]:
        row_length *= part.stop - part.start
    height = max(1, (_LAZY_BLOCK if stack.is_lazy else _BLOCK) // row_length)
    rows = indices[0]  # rising
    for start in range(box[0].start, box[0].stop, height):
        first, end = np.searchsorted(rows, (start, start + height))
        if first == end:
            continue
        slab: Region = (slice(start, min(start + height, box[0].stop)), *box[1:])
        within = tuple(
            part[first:end] - whole.start for part, whole in zip(indices, slab, strict=True)
        )
        yield np.asarray(stack.values[slab])[within]
