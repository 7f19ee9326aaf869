"""The pixels of a grid that each label covers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.grid import Grid, Region, pixel_numbers, region_shape


def labels_on_grid(
    labels: Any, affine: NDArray[np.float64], grid: Grid, region: Region, point: Sequence[float]
) -> NDArray[Any]:
    """Return the label at the centre of each pixel of a grid.

    Parameters
    ----------
    labels : array of int, L axes
        Which lie along the last axes of the world.
    affine : array, shape (L + 1, L + 1)
        From indices of the labels to the world.
    grid : Grid
    region : tuple of slice
        The pixels that are asked for.
    point : sequence of float
        In the world: where the labels are along axes that the grid lacks.

    Returns
    -------
    array of the labels' type, shape of the region
        0 beyond the labels.
    """
    count = labels.ndim
    inverse = np.linalg.inv(affine)
    origin = np.zeros(count)
    known = list(point)[-count:]
    origin[count - len(known) :] = known
    steps = np.zeros((count, len(grid.shape)))  # in the world, for each pixel
    for number, axis in enumerate(grid.axes):
        if -axis <= count:
            steps[axis] = grid.affine[number, :-1]
            origin[axis] = grid.affine[number, -1]
    first = inverse[:-1, :-1] @ origin + inverse[:-1, -1]
    steps = inverse[:-1, :-1] @ steps
    indices, is_inside = [], np.True_
    for length, start, by in zip(labels.shape, first, steps, strict=True):
        index = np.floor(start + _sum_over(by, region) + 0.5).astype(np.intp)
        is_inside = is_inside & (index >= 0) & (index < length)
        indices.append(np.clip(index, 0, length - 1))
    found = np.where(is_inside, _taken(labels, indices), 0)
    return np.broadcast_to(found, region_shape(region))


def pixels_of_labels(
    found: NDArray[Any], region: Region, shape: Sequence[int]
) -> dict[int, NDArray[np.intp]]:
    """Return the pixels of each label.

    Parameters
    ----------
    found : array of int, shape of the region
        The label of each pixel, 0 where there is none.
    region : tuple of slice
    shape : sequence of int
        Lengths of all spatial axes.

    Returns
    -------
    dict of int to array of int, shape (N,)
        Numbers of the pixels in C order, rising, by rising label.
    """
    flat = found.ravel()
    labelled = np.flatnonzero(flat)
    order = labelled[np.argsort(flat[labelled], kind="stable")]
    labels, starts = np.unique(flat[order], return_index=True)
    numbers = pixel_numbers(region, shape)
    start = numbers.start if isinstance(numbers, slice) else 0
    pixels = order + start if isinstance(numbers, slice) else numbers[order]
    parts = np.split(pixels, starts[1:])[: len(labels)]  # one part without any labels
    return dict(zip(labels.tolist(), parts, strict=True))


def _sum_over(steps: NDArray[np.float64], region: Region) -> NDArray[np.float64]:
    """Return the sum of index times step, of a length other than 1 only along what counts."""
    total = np.zeros((1,) * len(region))
    for axis, (step, part) in enumerate(zip(steps, region, strict=True)):
        if step:
            along = [1] * len(region)
            along[axis] = -1
            total = total + step * np.arange(part.start, part.stop).reshape(along)
    return total


def _taken(labels: Any, indices: Sequence[NDArray[np.intp]]) -> NDArray[Any]:
    """Return labels at indices; of labels that are read from somewhere only the box of them."""
    box = tuple(slice(int(index.min()), int(index.max()) + 1) for index in indices)
    part = np.asarray(labels[box])
    return part[tuple(index - whole.start for index, whole in zip(indices, box, strict=True))]
