from __future__ import annotations

import numpy as np
from napari.components import Dims

from napari_ifealid.explorer.shown_region import displayed_axes, moved_pixel, shown_region
from napari_ifealid.grid import Grid

GRID = Grid((4, 6, 5), np.diag([2.0, 1.0, 1.0, 1.0]))


def dims(**settings) -> Dims:
    return Dims(ndim=3, range=((0, 8, 2), (0, 6, 1), (0, 5, 1)), **settings)


def test_slice_is_the_one_at_the_slider():
    assert shown_region(dims(point=(4, 0, 0)), GRID) == (slice(2, 3), slice(0, 6), slice(0, 5))
    assert displayed_axes(dims(), GRID) == [1, 2]


def test_all_is_shown_in_3d():
    assert shown_region(dims(ndisplay=3), GRID) == (slice(0, 4), slice(0, 6), slice(0, 5))


def test_rows_and_columns_are_those_that_are_displayed():
    turned = dims(order=(1, 0, 2), point=(0, 3, 0))
    assert shown_region(turned, GRID) == (slice(0, 4), slice(3, 4), slice(0, 5))
    assert displayed_axes(turned, GRID) == [0, 2]


def test_steps_follow_the_rows_and_columns_of_the_window_and_end_at_the_edge():
    assert moved_pixel(dims(), GRID, (1, 2, 3), (1, -2)) == (1, 3, 1)
    assert moved_pixel(dims(), GRID, (1, 2, 3), (9, 9)) == (1, 5, 4)
    turned = dims(order=(1, 0, 2))
    assert moved_pixel(turned, GRID, (1, 2, 3), (-1, -9)) == (0, 2, 0)
