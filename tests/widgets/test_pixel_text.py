from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.grid import Grid
from napari_ifealid.widgets.pixel_text import joined, pixel_text


@pytest.mark.parametrize(
    ("scale", "place", "text"),
    [
        (1.0, (3, 1), "3, 1"),
        (4.0, (14.4, 5.3), "3, 1 at 14, 5"),
        (0.25, (0.76, 0.25), "3, 1 at 0.8, 0.2"),
        (0.02, (0.06, 0.02), "3, 1 at 0.06, 0.02"),
    ],
)
def test_place_has_the_digits_that_tell_pixels_apart(scale, place, text):
    grid = Grid((6, 5), np.diag([scale, scale, 1.0]))
    assert pixel_text((3, 1), place, grid) == text


def test_pixel_without_a_place_is_its_index():
    assert pixel_text((3, 1), None, Grid((6, 5), np.diag([2.0, 2.0, 1.0]))) == "3, 1"


def test_numbers_are_joined_by_commas():
    assert joined((1, 2, 3)) == "1, 2, 3"
