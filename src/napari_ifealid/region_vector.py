"""The mean of the vectors of several pixels, read block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.grid import Region
from napari_ifealid.measures import UsedFeatures
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

    The blocks' means and squared deviations are joined as by Chan, Golub & LeVeque (1983,
    doi:10.1080/00031305.1983.10483115).

    Parameters
    ----------
    stack : FeatureStack
    pixels : array of int, shape (N,)
        Numbers of one or more pixels in C order, rising.
    used : UsedFeatures, optional
        A pixel may lack other features than these; all are used unless given.
    """
    count, mean = 0, np.full(stack.feature_count, np.nan)
    squares = np.full(stack.feature_count, np.nan)
    for stored in _blocks(stack, pixels):
        values = stack.real_values(stored)
        if stack.values.dtype.kind == "f" or stack.nodata is not None:  # else all are finite
            counted = values if used is None else used.taken(values)
            values = values[np.isfinite(counted).all(axis=1)]
        added = len(values)
        if not added:
            continue
        with np.errstate(invalid="ignore"):  # infinities of features that are not used
            part = values.mean(axis=0)
            values -= part
            off = np.einsum("pc,pc->c", values, values)
            if count:
                step = part - mean
                off += squares + step**2 * (count * added / (count + added))
                part = mean + step * (added / (count + added))
        count, mean, squares = count + added, part, off
    return RegionVector(mean, np.sqrt(squares / max(count, 1)), count, len(pixels) - count)


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
