"""The content of a figure: a map, the image under it, and what is written beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.grid import Grid, Place


@dataclass(frozen=True)
class ReferenceMark:
    """A ring around a place that was compared with.

    Parameters
    ----------
    place : (float, float)
        In the world, along y and x.
    colour : (float, float, float)
        RGB between 0 and 1.
    """

    place: Place
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)


@dataclass(frozen=True, eq=False, kw_only=True)
class FigureContent:
    """All that a figure shows.

    Parameters
    ----------
    values : array, shape (h, w)
        The map. NaN is transparent.
    grid : Grid
        Where the pixels of the map lie in the world, along y and x.
    limits : (float, float)
        The values of the first and the last colour, the smaller one first.
    colours : array of float, shape (n, 4)
        RGBA between 0 and 1, from low to high; alpha is the opacity over the image.
    threshold : float, optional
        Values below it, compared as float32, are transparent. None: all are shown.
    overlay : array, shape (H, W), (H, W, 3) or (H, W, 4), optional
        The image under the map, in grey or in colour: uint8, or floats between 0 and 1.
    overlay_grid : Grid, optional
        Where the pixels of the image lie in the world. Unless given, the outer edges of the image
        are those of the map.
    unit : str, optional
        Unit of the world, for the scale bar, such as "µm". None, or "pixel": no scale bar.
    title : str
        What the values are, written beside the colour bar.
    caption : str
        Written below.
    marks : tuple of ReferenceMark

    Raises
    ------
    ValueError
        If one of them has another shape, or the limits are not in order.
    """

    values: NDArray[Any]
    grid: Grid
    limits: tuple[float, float]
    colours: NDArray[Any]
    threshold: float | None = None
    overlay: NDArray[Any] | None = None
    overlay_grid: Grid | None = None
    unit: str | None = None
    title: str = "similarity"
    caption: str = ""
    marks: tuple[ReferenceMark, ...] = field(default=())

    def __post_init__(self) -> None:
        _check_shape("the map", self.values, is_right=np.ndim(self.values) == 2, expected="(h, w)")
        has_alpha = self.colours.ndim == 2 and self.colours.shape[-1] == 4
        _check_shape("colours", self.colours, is_right=has_alpha, expected="(n, 4)")
        _check_grid("the map", self.grid, self.values.shape)
        if not self.limits[0] < self.limits[1]:
            raise ValueError(f"limits of {self.limits}; expected the smaller one first")
        if self.overlay is not None:
            self._check_overlay(self.overlay)

    def _check_overlay(self, overlay: NDArray[Any]) -> None:
        is_grey, is_colour = overlay.ndim == 2, overlay.ndim == 3 and overlay.shape[-1] in (3, 4)
        expected = "(H, W), (H, W, 3) or (H, W, 4)"
        _check_shape("the image", overlay, is_right=is_grey or is_colour, expected=expected)
        grid = self.overlay_grid or stretched_over(self.grid, overlay.shape[:2])
        _check_grid("the image", grid, overlay.shape[:2])
        object.__setattr__(self, "overlay_grid", grid)


def stretched_over(grid: Grid, shape: tuple[int, ...]) -> Grid:
    """Return a grid of other pixels with the same outer edges.

    Parameters
    ----------
    grid : Grid
    shape : tuple of int
        Lengths of its axes.
    """
    factors = np.divide(grid.shape, shape)
    affine = np.array(grid.affine)
    affine[:-1, :-1] = grid.affine[:-1, :-1] * factors
    affine[:-1, -1] = grid.place_of((factors - 1.0) / 2.0)
    return Grid(tuple(shape), affine, grid.axes)


def _check_shape(what: str, array: NDArray[Any], *, is_right: bool, expected: str) -> None:
    if not is_right:
        raise ValueError(f"{what} of shape {np.shape(array)}; expected {expected}")


def _check_grid(what: str, grid: Grid, shape: tuple[int, ...]) -> None:
    if grid.shape != shape:
        raise ValueError(f"a grid of shape {grid.shape}; expected that of {what}, {shape}")
    if not np.linalg.det(grid.affine):
        raise ValueError(f"a grid without area; expected one that {what} can be seen in")
