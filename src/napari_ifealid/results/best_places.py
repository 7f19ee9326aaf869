"""The best places of a map: local maxima that are some distance apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class BestPlace:
    """A local maximum.

    Parameters
    ----------
    pixel : tuple of int
        Index along each axis.
    value : float
    """

    pixel: tuple[int, ...]
    value: float


def best_places(
    values: NDArray[np.float32],
    count: int,
    distance: float,
    *,
    spacing: Sequence[float] | None = None,
) -> list[BestPlace]:
    """Return the largest local maxima of a map that are at least a distance apart.

    A local maximum is a pixel that none of its neighbours exceeds, diagonal ones included. The
    largest one is chosen first, then the largest one of those that are far enough from all that
    are chosen; of equal ones that which comes first in C order.

    Parameters
    ----------
    values : array
        Of any number of axes. NaN where there is no value.
    count : int
        How many places are wanted at most.
    distance : float
        The least distance between two of them, in the units of ``spacing``.
    spacing : sequence of float, optional
        Distances between neighbouring pixels along each axis. 1 along each unless given.

    Returns
    -------
    list of BestPlace
        The best one first; fewer than wanted where the map has no more.
    """
    known = np.where(np.isfinite(values), values, -np.inf)
    numbers = np.flatnonzero(_local_maxima(known))
    numbers = numbers[np.argsort(-known.ravel()[numbers], kind="stable")]
    pixels = np.array(np.unravel_index(numbers, values.shape)).T
    places = pixels * (np.ones(values.ndim) if spacing is None else np.asarray(spacing, float))
    chosen: list[BestPlace] = []
    while len(chosen) < count and len(pixels):
        pixel = tuple(map(int, pixels[0]))
        chosen.append(BestPlace(pixel, float(values[pixel])))
        is_far = np.linalg.norm(places - places[0], axis=1) >= distance
        is_far[0] = False
        pixels, places = pixels[is_far], places[is_far]
    return chosen


def _local_maxima(values: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return which pixels none of their neighbours exceeds; infinities are no maxima."""
    largest = values
    for axis in range(values.ndim):  # the box of 3 pixels along each axis is separable
        largest = _largest_of_three(largest, axis)
    maxima: NDArray[np.bool_] = (values >= largest) & np.isfinite(values)
    return maxima


def _largest_of_three(values: NDArray[np.floating], axis: int) -> NDArray[np.floating]:
    result = values.copy()
    before, after = [slice(None)] * values.ndim, [slice(None)] * values.ndim
    before[axis], after[axis] = slice(None, -1), slice(1, None)
    one, other = tuple(before), tuple(after)
    np.maximum(result[one], values[other], out=result[one])
    np.maximum(result[other], values[one], out=result[other])
    return result
