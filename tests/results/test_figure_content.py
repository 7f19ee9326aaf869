from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.grid import Grid
from napari_ifealid.results import FigureContent
from napari_ifealid.results.figure_content import stretched_over

LENGTHS = st.integers(1, 9)


@given(height=LENGTHS, width=LENGTHS, rows=LENGTHS, columns=LENGTHS)
def test_outer_edges_of_an_image_without_a_place_are_those_of_the_map(height, width, rows, columns):
    affine = np.array([[2.0, 0.0, 7.0], [0.0, 0.5, -3.0], [0.0, 0.0, 1.0]])
    grid = Grid((height, width), affine)
    other = stretched_over(grid, (rows, columns))
    assert other.shape == (rows, columns)
    np.testing.assert_allclose(other.bounds, grid.bounds, atol=1e-12)


def content(**arguments: object) -> FigureContent:
    usual = {
        "values": np.ones((2, 3)),
        "grid": Grid((2, 3), np.eye(3)),
        "limits": (0.0, 1.0),
        "colours": np.ones((4, 4)),
    }
    return FigureContent(**(usual | arguments))


def test_image_without_a_place_lies_over_the_map():
    made = content(overlay=np.zeros((4, 6), np.uint8))
    assert made.overlay_grid is not None
    assert np.array_equal(made.overlay_grid.bounds, made.grid.bounds)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"values": np.ones(6)}, r"the map of shape \(6,\)"),
        ({"colours": np.ones((4, 3))}, r"colours of shape \(4, 3\)"),
        ({"grid": Grid((3, 2), np.eye(3))}, "expected that of the map"),
        ({"grid": Grid((2, 3), np.diag([0.0, 1.0, 1.0]))}, "a grid without area"),
        ({"limits": (1.0, 1.0)}, "the smaller one first"),
        ({"overlay": np.ones((4, 6, 2))}, r"the image of shape \(4, 6, 2\)"),
        (
            {"overlay": np.ones((4, 6)), "overlay_grid": Grid((2, 3), np.eye(3))},
            "expected that of the image",
        ),
    ],
)
def test_content_that_does_not_fit_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        content(**arguments)
