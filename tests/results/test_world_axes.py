from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.grid import Grid
from napari_ifealid.results.world_axes import axis_names, checked_grid, units_of_axes


@pytest.mark.parametrize(
    ("count", "names"),
    [(2, ["y", "x"]), (3, ["z", "y", "x"]), (5, ["axis_0", "t", "z", "y", "x"])],
)
def test_last_axes_are_t_z_y_and_x(count, names):
    assert axis_names(count) == names


def test_without_a_grid_pixels_are_the_world():
    grid = checked_grid(None, (3, 4))
    assert grid.shape == (3, 4)
    assert np.array_equal(grid.place_of((2, 3)), (2, 3))


def test_grid_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"\(3, 4\).*\(3, 5\)"):
        checked_grid(Grid((3, 4), np.eye(3)), (3, 5))


def test_one_unit_is_that_of_all_axes():
    assert units_of_axes("micrometer", 2) == ("micrometer", "micrometer")
    assert units_of_axes(["second", "pixel"], 2) == ("second", "pixel")


def test_too_few_units_are_refused():
    with pytest.raises(ValueError, match="1 units"):
        units_of_axes(["second"], 2)
