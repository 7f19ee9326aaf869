"""The regions of a map: its pixels above a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from operator import index

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from napari_ifealid.grid import Pixel, is_pixel_of

Labels = NDArray[np.int32]
"""The region of each pixel, numbered from 1; 0 where there is none."""


class RegionMode(Enum):
    """Which pixels above the threshold are one region."""

    ALL = "all pixels"
    """All of them, connected or not."""

    CONNECTED = "connected regions"
    """Those that touch each other, also at a corner, the largest region first."""

    REFERENCE = "the region under the reference"
    """The connected region that holds the reference, and no other."""


def threshold_regions(
    similarity: ArrayLike,
    threshold: float,
    *,
    mode: RegionMode | str = RegionMode.ALL,
    reference: Sequence[int] | None = None,
) -> Labels:
    """Return the regions of a map where it is at or above a threshold.

    Parameters
    ----------
    similarity : array, shape (..., y, x)
        A map of two or more axes; compared as float32. NaN belongs to no region.
    threshold : float
        The smallest value that belongs to a region, rounded to float32.
    mode : RegionMode or str, optional
        ``"all pixels"``: one region, 1. ``"connected regions"``: numbered from 1 by falling area,
        those of equal area by their first pixel in C order. ``"the region under the reference"``:
        the connected one that holds `reference`, 1. Pixels are connected to all their neighbours,
        also across corners: 8 in 2-D, 26 in 3-D.
    reference : sequence of int, optional
        A pixel, an index along each axis. Needed for the region under the reference; there is
        none if the pixel is below the threshold.

    Returns
    -------
    array of int32, shape (..., y, x)
        The region of each pixel, 0 where there is none.

    Raises
    ------
    ValueError
        If the map has fewer than two axes or is not of real numbers, if the threshold is NaN, if
        there is no such mode, or if the reference is missing or outside of the map.

    Examples
    --------
    >>> import numpy as np
    >>> similarity = np.array([[0.9, 0.1, 0.8], [0.9, 0.2, 0.7]])
    >>> threshold_regions(similarity, 0.75, mode="connected regions")
    array([[1, 0, 2],
           [1, 0, 0]], dtype=int32)
    """
    mode = RegionMode(mode)
    above = _checked_map(similarity) >= _checked_threshold(threshold)
    match mode:
        case RegionMode.ALL:
            return above.astype(np.int32)
        case RegionMode.CONNECTED:
            return _by_falling_area(_connected(above))
        case RegionMode.REFERENCE:
            return _holding(_checked_reference(reference, above.shape), _connected(above))


def _checked_map(similarity: ArrayLike) -> NDArray[np.float32]:
    values = np.asarray(similarity)
    if values.ndim < 2 or values.dtype.kind not in "buif":
        raise ValueError(
            f"a map of shape {values.shape} and type {values.dtype}; expected real numbers along "
            "two or more axes"
        )
    with np.errstate(over="ignore"):  # beyond the largest float32
        return values.astype(np.float32, copy=False)


def _checked_threshold(threshold: float) -> np.float32:
    if np.isnan(threshold):
        raise ValueError("the threshold is NaN; expected a number")
    with np.errstate(over="ignore"):
        return np.float32(threshold)


def _checked_reference(reference: Sequence[int] | None, shape: tuple[int, ...]) -> Pixel:
    if reference is None:
        raise ValueError(
            f"no reference; expected a pixel for the mode {RegionMode.REFERENCE.value!r}"
        )
    pixel = tuple(index(part) for part in reference)
    if not is_pixel_of(shape, pixel):
        raise ValueError(
            f"the reference {pixel}; expected a pixel of the map, one index along each axis, "
            f"below {shape}"
        )
    return pixel


def _connected(above: NDArray[np.bool_]) -> Labels:
    labels = np.empty(above.shape, np.int32)
    ndimage.label(above, structure=np.ones((3,) * above.ndim, bool), output=labels)
    return labels


def _holding(pixel: Pixel, labels: Labels) -> Labels:
    number = labels[pixel]
    held: Labels = ((labels == number) & (number > 0)).astype(np.int32)
    return held


def _by_falling_area(labels: Labels) -> Labels:
    pixels = np.flatnonzero(labels)
    numbers = labels.ravel()[pixels]
    areas = np.bincount(numbers)[1:]
    first = np.empty(len(areas) + 1, np.intp)
    first[numbers[::-1]] = pixels[::-1]  # of pixels with one number, the last assigned stays
    order = np.lexsort((first[1:], -areas))
    renumbered = np.zeros(len(areas) + 1, np.int32)
    renumbered[order + 1] = np.arange(1, len(areas) + 1)
    result: Labels = renumbered[labels]
    return result
