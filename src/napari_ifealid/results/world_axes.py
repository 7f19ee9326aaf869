"""The axes of a map in the world: their names and their units."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_ifealid.grid import Grid

PIXEL = "pixel"
"""The unit of a world whose unit is not known."""

Units = str | Sequence[str]
"""The unit along all axes of the world, or one for each."""


def axis_names(count: int) -> list[str]:
    """Return the names of a map's axes: the last ones are t, z, y and x."""
    return [f"axis_{number}" for number in range(count - 4)] + list("tzyx"[-count:])


def checked_grid(grid: Grid | None, shape: Sequence[int]) -> Grid:
    """Return the grid of a map, one of pixels where none is given.

    Raises
    ------
    ValueError
        If the grid has another shape than the map.
    """
    if grid is None:
        return Grid(tuple(shape), np.eye(len(shape) + 1))
    if grid.shape != tuple(shape):
        raise ValueError(f"a grid of shape {grid.shape}; expected that of the map, {tuple(shape)}")
    return grid


def units_of_axes(units: Units, count: int) -> tuple[str, ...]:
    """Return the unit along each axis.

    Raises
    ------
    ValueError
        If there is neither one unit nor one for each axis.
    """
    each = (units,) * count if isinstance(units, str) else tuple(units)
    if len(each) != count:
        raise ValueError(f"{len(each)} units; expected one, or one for each of the {count} axes")
    return each
