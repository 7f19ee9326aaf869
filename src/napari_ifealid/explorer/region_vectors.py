"""The mean vectors of regions, also of stacks that are lazy."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.explorer.region_reference import RegionReference
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.grid import Region
from napari_ifealid.stack import FeatureStack

_MOST_KEPT = 256
_AT_ONCE = 1 << 21  # values that are read in less than a frame
_BLOCK = 1 << 18  # values that stay in a core's cache
_LAZY_BLOCK = 1 << 24


@dataclass(frozen=True, eq=False)
class RegionVector:
    """The mean of the vectors of a region's pixels.

    Parameters
    ----------
    mean, deviation : array of float64, shape (C,)
        Of the real values, the deviation that of the population; NaN where there is no pixel.
    count : int
        Pixels that they are of: those whose values are all finite.
    left_out : int
        The other pixels of the region.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    count: int
    left_out: int


def region_vector(stack: FeatureStack, pixels: NDArray[np.intp]) -> RegionVector:
    """Return the mean of some pixels and their standard deviation, read block by block.

    The blocks' means and squared deviations are joined as by Chan, Golub & LeVeque (1983,
    doi:10.1080/00031305.1983.10483115).

    Parameters
    ----------
    stack : FeatureStack
    pixels : array of int, shape (N,)
        Numbers of one or more pixels in C order, rising.
    """
    count, mean = 0, np.full(stack.feature_count, np.nan)
    squares = np.full(stack.feature_count, np.nan)
    for stored in _blocks(stack, pixels):
        values = stack.real_values(stored)
        if values.dtype.kind == stack.values.dtype.kind:  # integers are all finite
            values = values[np.isfinite(values).all(axis=1)]
        added = len(values)
        if not added:
            continue
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


class RegionVectorReader:
    """Gives the mean vectors of regions; those that take longer are read in the background.

    Parameters
    ----------
    stack : FeatureStack
    scheduler : Scheduler
    arrived : callable
        Called when a vector that was asked for is read.
    failed : callable
        `failed(error)`, called when it can't be read.
    """

    def __init__(
        self,
        stack: FeatureStack,
        scheduler: Scheduler,
        arrived: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._stack = stack
        self._scheduler = scheduler
        self._arrived = arrived
        self._failed = failed
        self._known: OrderedDict[bytes, RegionVector] = OrderedDict()
        self._missing: dict[bytes, NDArray[np.intp]] = {}
        self._is_reading = self._is_stopped = False

    def vector(self, region: RegionReference) -> RegionVector | None:
        """Return the mean vector of a region; None if it is still to be read."""
        known = self._known.get(region.key)
        if known is not None:
            return known
        size = len(region.pixels) * self._stack.feature_count
        if not self._stack.is_lazy and size <= _AT_ONCE:
            return self._keep(region.key, region_vector(self._stack, region.pixels))
        self._missing.pop(region.key, None)
        self._missing[region.key] = region.pixels
        self._read()
        return self._known.get(region.key)

    def stop(self) -> None:
        """Stop: nothing is reported from now on."""
        self._is_stopped = True

    def _keep(self, key: bytes, vector: RegionVector) -> RegionVector:
        self._known[key] = vector
        if len(self._known) > _MOST_KEPT:
            self._known.popitem(last=False)
        return vector

    def _read(self) -> None:
        if self._is_stopped or self._is_reading or not self._missing:
            return
        self._is_reading = True
        key, pixels = self._missing.popitem()
        self._missing.clear()  # who still wants the others asks again
        self._scheduler.in_background(
            partial(region_vector, self._stack, pixels),
            partial(self._on_read, key),
            self._on_failed,
        )

    def _on_read(self, key: bytes, vector: RegionVector) -> None:
        self._keep(key, vector)
        if not self._is_stopped:
            self._arrived()  # asks for more, which are read one after the other below
        self._is_reading = False
        self._read()

    def _on_failed(self, error: Exception) -> None:
        self._is_reading = False
        self._missing.clear()
        if not self._is_stopped:
            self._failed(error)
