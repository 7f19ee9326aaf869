"""One plane of a stack, read block by block."""

from __future__ import annotations

from itertools import accumulate, pairwise, product
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.grid import Pixel
from napari_ifealid.picture.channels import Channels
from napari_ifealid.stack import FeatureStack

_BLOCK = 1 << 20  # values that are worked on at once
_LAZY_BLOCK = 1 << 24  # values that are read at once


class Plane:
    """The values of channels in a plane of the last two spatial axes, maybe with fewer pixels.

    Parameters
    ----------
    stack : FeatureStack
    channels : Channels
    position : tuple of int
        Along each of the spatial axes before.
    shape : (int, int)
        Lengths of the plane in pixels, at most those of the stack.
    """

    def __init__(
        self, stack: FeatureStack, channels: Channels, position: Pixel, shape: tuple[int, int]
    ) -> None:
        self._stack = stack
        self._channels = channels
        self._position = position
        lengths = stack.spatial_shape[-2:]
        self._pixels = [_spread(*both) for both in zip(shape, lengths, strict=True)]
        self._blocks = self._cut()
        self.values = np.zeros((*shape, len(channels.colours)), np.float32)

    def __len__(self) -> int:
        """Return how many blocks there are."""
        return len(self._blocks)

    def read(self, number: int) -> None:
        """Add what a block has to the values: all of them are there after the last block."""
        *spatial, features = self._blocks[number]
        kept, within = zip(*map(_inside, self._pixels, spatial), strict=True)
        used = _inside(self._channels.features, features)
        if not (kept[0].stop - kept[0].start and kept[1].stop - kept[1].start):
            return
        first, last = used[1][0], used[1][-1]
        chosen = slice(features.start + first, features.start + last + 1)
        index: tuple[slice | int, ...] = (*self._position, *spatial, chosen)
        stored = np.asarray(self._stack.values[index])
        stored = _taken(stored, (*within, used[1] - first))
        sums = self._summed(stored, self._channels.weights[used[0]])
        with np.errstate(invalid="ignore"):  # infinities
            self.values[kept] += sums

    def _summed(
        self, stored: NDArray[np.generic], weights: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        sums = np.empty((*stored.shape[:2], weights.shape[1]), np.float32)
        height = max(1, _BLOCK // max(1, stored[0].size))
        with np.errstate(over="ignore", invalid="ignore"):  # beyond the largest float32
            for start in range(0, len(stored), height):
                rows = slice(start, start + height)
                sums[rows] = self._stack.real_values(stored[rows]) @ weights
        return sums

    def _cut(self) -> list[tuple[slice, slice, slice]]:
        """Return blocks within the chunks of a lazy stack, each of which is read once."""
        values: Any = self._stack.values
        used = self._channels.features
        lengths = values.chunks[-3:] if self._stack.is_lazy else [(n,) for n in values.shape[-3:]]
        rows, columns, features = map(_slices, lengths)
        blocks = []
        for chunk in product(rows, columns, features):
            inside = used[_inside(used, chunk[2])[0]]
            if inside.size:
                width = (chunk[1].stop - chunk[1].start) * (int(inside[-1] - inside[0]) + 1)
                blocks += [(part, *chunk[1:]) for part in _parts(chunk[0], _LAZY_BLOCK // width)]
        return blocks


def _spread(count: int, length: int) -> NDArray[np.intp]:
    """Return so many numbers of pixels along an axis, evenly spread."""
    return ((np.arange(count) + 0.5) * (length / count)).astype(np.intp)


def _inside(numbers: NDArray[np.intp], part: slice) -> tuple[slice, NDArray[np.intp]]:
    """Return which of rising numbers are in a part, and where in it they are."""
    start, stop = np.searchsorted(numbers, (part.start, part.stop))
    return slice(int(start), int(stop)), numbers[start:stop] - part.start


def _taken(
    stored: NDArray[np.generic], places: tuple[NDArray[np.intp], ...]
) -> NDArray[np.generic]:
    """Return the values at places along each axis, without a copy where these are all."""
    for axis, chosen in enumerate(places):
        if len(chosen) < stored.shape[axis]:
            stored = np.take(stored, chosen, axis=axis)
    return stored


def _slices(lengths: tuple[int, ...]) -> list[slice]:
    return [slice(*ends) for ends in pairwise(accumulate(lengths, initial=0))]


def _parts(whole: slice, most: int) -> list[slice]:
    """Return a slice in about equal parts, each at most so long, or 1."""
    length = whole.stop - whole.start
    step = ceil(length / ceil(length / max(1, most)))
    return [slice(at, min(at + step, whole.stop)) for at in range(whole.start, whole.stop, step)]
