"""The pixels of a grid that a viewer shows."""

from __future__ import annotations

from math import floor, isfinite

from napari.components import Dims

from napari_ifealid.grid import Grid, Pixel, Region


def shown_region(dims: Dims, grid: Grid) -> Region:
    """Return the pixels that are shown: those of the slice, or all in 3-D."""
    position = grid.position_at(dims.point)
    region = []
    for number, (axis, length) in enumerate(zip(grid.axes, grid.shape, strict=True)):
        is_shown = dims.ndim + axis in dims.displayed
        if is_shown or position is None or not isfinite(position[number]):
            region.append(slice(0, length))
        else:
            index = min(max(floor(position[number] + 0.5), 0), length - 1)
            region.append(slice(index, index + 1))
    return tuple(region)


def plane_position(dims: Dims, grid: Grid) -> Pixel:
    """Return which plane of a grid's last two axes is shown: an index along each axis before.

    Parameters
    ----------
    dims : napari Dims
    grid : Grid
    """
    position = grid.position_at(dims.point)
    lengths = grid.shape[:-2]
    if position is None or not all(map(isfinite, position)):
        return tuple(length // 2 for length in lengths)
    return tuple(
        min(max(floor(x + 0.5), 0), length - 1)
        for x, length in zip(position, lengths, strict=False)
    )


def displayed_axes(dims: Dims, grid: Grid) -> list[int]:
    """Return the numbers of the grid's axes along which the window shows rows and columns."""
    shown = {axis - dims.ndim for axis in dims.displayed[-2:]}
    return [number for number, axis in enumerate(grid.axes) if axis in shown]


def moved_pixel(dims: Dims, grid: Grid, pixel: Pixel, steps: tuple[int, int]) -> Pixel:
    """Return the pixel so many steps down and to the right in the window, within the grid.

    Parameters
    ----------
    dims : napari Dims
    grid : Grid
    pixel : tuple of int
    steps : (int, int)
    """
    moved = list(pixel)
    for axis, by in zip(dims.displayed[-2:], steps, strict=True):
        if axis - dims.ndim in grid.axes:
            number = grid.axes.index(axis - dims.ndim)
            moved[number] = min(max(moved[number] + by, 0), grid.shape[number] - 1)
    return tuple(moved)
