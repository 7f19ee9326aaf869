"""A pixel in words: its index, and its place in the world."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, log10

import numpy as np

from napari_ifealid.grid import Grid, Pixel, Place


def pixel_text(pixel: Pixel, place: Place | None, grid: Grid) -> str:
    """Return "65, 61 at 262, 246"; without the place if that has the same numbers.

    Parameters
    ----------
    pixel : tuple of int
    place : tuple of float, optional
        In the world, with one coordinate for each of its axes.
    grid : Grid
        Whose pixel it is.
    """
    text = joined(pixel)
    if place is None or np.allclose(grid.affine, np.eye(len(grid.affine))):
        return text
    decimals = max(0, ceil(-log10(grid.spacing.min())))  # as many as tell two pixels apart
    return f"{text} at " + joined(f"{place[axis]:.{decimals}f}" for axis in grid.axes)


def joined(numbers: Iterable[object]) -> str:
    """Return numbers separated by commas."""
    return ", ".join(map(str, numbers))
