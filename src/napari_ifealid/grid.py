"""The pixels of a stack in the world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import floor, isfinite, prod
from operator import mul

import numpy as np
from numpy.typing import ArrayLike, NDArray

Pixel = tuple[int, ...]
"""Index along each spatial axis."""

Place = tuple[float, ...]
"""A position in the world, one coordinate for each of its axes."""

Region = tuple[slice, ...]
"""A box of pixels: start and stop along each spatial axis."""


WINDOWS = (1, 3, 5, 7, 9, 11, 15, 21)
"""Lengths in pixels of the squares around a reference whose mean can be compared with."""


def whole_region(shape: Sequence[int]) -> Region:
    """Return the region of all pixels.

    Parameters
    ----------
    shape : sequence of int
        Lengths of the spatial axes.
    """
    return tuple(slice(0, length) for length in shape)


def region_shape(region: Region) -> tuple[int, ...]:
    """Return the lengths of a region along each axis."""
    return tuple(part.stop - part.start for part in region)


def is_pixel_of(shape: Sequence[int], pixel: Sequence[int]) -> bool:
    """Return whether an index, counted from 0 along each spatial axis, is that of a pixel."""
    return len(pixel) == len(shape) and all(
        0 <= x < length for x, length in zip(pixel, shape, strict=True)
    )


def intersection(one: Region, other: Region) -> Region | None:
    """Return the pixels that are in both regions, None if there are none."""
    both = tuple(
        slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True)
    )
    return both if all(part.start < part.stop for part in both) else None


def within(region: Region, outer: Region) -> Region:
    """Return a region as counted from the first pixel of another one that holds it."""
    return tuple(
        slice(part.start - whole.start, part.stop - whole.start)
        for part, whole in zip(region, outer, strict=True)
    )


def pixel_numbers(region: Region, shape: Sequence[int]) -> slice | NDArray[np.intp]:
    """Return the numbers of a region's pixels in C order, a slice where they are consecutive.

    Parameters
    ----------
    region : tuple of slice
    shape : sequence of int
        Lengths of the spatial axes.
    """
    first = int(np.ravel_multi_index([part.start for part in region], tuple(shape)))
    lengths = region_shape(region)
    last_cut = max((axis for axis, n in enumerate(lengths) if n < shape[axis]), default=0)
    if all(length == 1 for length in lengths[:last_cut]):
        return slice(first, first + prod(lengths))
    axes = np.ix_(*(np.arange(part.start, part.stop) for part in region))
    return np.ravel_multi_index(np.broadcast_arrays(*axes), tuple(shape)).ravel()


@dataclass(frozen=True, eq=False)
class Grid:
    """The pixels of a stack in the world: how many there are, and where they lie.

    A pixel is centred at its place and reaches half a pixel to each side.

    Parameters
    ----------
    shape : tuple of int
        Lengths of the n spatial axes.
    affine : array, shape (n + 1, n + 1)
        From pixels to coordinates along the grid's axes of the world.
    axes : tuple of int, optional
        Which axes of the world these are, counted from the last one: -1, -2, … The last n unless
        given. The others don't matter: a stack lies everywhere along them.
    """

    shape: tuple[int, ...]
    affine: NDArray[np.float64]
    axes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        affine = np.array(self.affine, np.float64)
        affine.flags.writeable = False
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "axes", self.axes or tuple(range(-len(self.shape), 0)))

    def contains(self, pixel: Sequence[int]) -> bool:
        """Return whether there is such a pixel."""
        return is_pixel_of(self.shape, pixel)

    def position_at(self, place: Sequence[float]) -> tuple[float, ...] | None:
        """Return where among the pixels a place in the world is; whole numbers are their centres.

        Parameters
        ----------
        place : sequence of float
            With one coordinate for each axis of the world.

        Returns
        -------
        tuple of n floats, or None
            None where the grid has more axes than the world. NaN if there is no such position.
        """
        if len(place) < -min(self.axes):
            return None
        # in Python, as each mouse move asks several times and NumPy takes ten times as long
        coordinates = [float(place[axis]) for axis in self.axes]
        return tuple(sum(map(mul, row, coordinates), row[-1]) for row in self._inverse)

    def positions_of(self, coordinates: ArrayLike) -> NDArray[np.float64]:
        """Return where among the pixels places are; whole numbers are the pixels' centres.

        Parameters
        ----------
        coordinates : array, shape (N, n)
            Along the grid's own axes of the world.

        Returns
        -------
        array of float64, shape (N, n)
            NaN where there is no such position.
        """
        inverse = np.array(self._inverse)
        positions: NDArray[np.float64] = np.asarray(coordinates) @ inverse[:, :-1].T
        positions += inverse[:, -1]
        return positions

    def pixel_at(self, place: Sequence[float]) -> Pixel | None:
        """Return the pixel at a place in the world.

        Parameters
        ----------
        place : sequence of float
            With one coordinate for each axis of the world.

        Returns
        -------
        tuple of int or None
            None outside of the grid.
        """
        position = self.position_at(place)
        if position is None or not all(map(isfinite, position)):
            return None
        pixel = tuple(floor(x + 0.5) for x in position)
        return pixel if self.contains(pixel) else None

    def place_of(self, pixel: ArrayLike) -> NDArray[np.float64]:
        """Return where the centre of a pixel lies, along the grid's own axes of the world.

        Parameters
        ----------
        pixel : array, shape (n,)
            An index along each spatial axis; fractions are between the centres.

        Returns
        -------
        array of float64, shape (n,)
        """
        position: NDArray[np.float64] = self.affine[:-1, :-1] @ np.asarray(pixel, np.float64)
        return position + self.affine[:-1, -1]

    def moved_to(self, place: Sequence[float], pixel: ArrayLike) -> Place:
        """Return a place in the world with the coordinates of a pixel along the grid's axes.

        Parameters
        ----------
        place : sequence of float
            What the other coordinates are taken from; zeros come first where it is too short.
        pixel : array, shape (n,)
        """
        coordinates = [0.0] * (-min(self.axes) - len(place)) + [float(x) for x in place]
        for axis, coordinate in zip(self.axes, self.place_of(pixel).tolist(), strict=True):
            coordinates[axis] = coordinate
        return tuple(coordinates)

    def section(self, region: Region, axes: Sequence[int]) -> Grid:
        """Return where the pixels of a region lie along some of the axes alone.

        Parameters
        ----------
        region : tuple of slice
        axes : sequence of int
            Numbers of spatial axes.
        """
        chosen, lengths = list(axes), region_shape(region)
        affine = np.eye(len(chosen) + 1)
        affine[:-1, :-1] = self.affine[np.ix_(chosen, chosen)]
        affine[:-1, -1] = self.place_of([part.start for part in region])[chosen]
        return Grid(
            shape=tuple(lengths[axis] for axis in chosen),
            affine=affine,
            axes=tuple(self.axes[axis] for axis in chosen),
        )

    @property
    def bounds(self) -> NDArray[np.float64]:
        """The smallest and the largest coordinates of the pixels' outer edges, shape (2, n)."""
        ends = [(-0.5, length - 0.5) for length in self.shape]
        corners = np.array([self.place_of(corner) for corner in product(*ends)])
        return np.array([corners.min(axis=0), corners.max(axis=0)])

    @property
    def spacing(self) -> NDArray[np.float64]:
        """The distances in the world between neighbouring pixels along each axis, shape (n,)."""
        distances: NDArray[np.float64] = np.linalg.norm(self.affine[:-1, :-1], axis=0)
        return distances

    @property
    def middle(self) -> Pixel:
        """The pixel in the middle; behind it, where a length is even."""
        return tuple(length // 2 for length in self.shape)

    @cached_property
    def _inverse(self) -> list[list[float]]:
        """The first n rows of the inverse affine."""
        try:
            inverse = np.linalg.inv(self.affine)
        except np.linalg.LinAlgError:  # flat: no place is that of a single pixel
            inverse = np.full_like(self.affine, np.nan)
        rows: list[list[float]] = inverse[:-1].tolist()
        return rows
