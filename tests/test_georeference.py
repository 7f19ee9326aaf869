from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.georeference import Georeference

PLACE = Georeference((2.0, 0.5, 100.0, -0.25, -3.0, 200.0), keys=(1, 1, 0, 0), map_info="UTM")


def centre(place: Georeference, row: float, column: float) -> tuple[float, float]:
    a, b, c, d, e, f = place.transform
    y, x = row + 0.5, column + 0.5
    return a * x + b * y + c, d * x + e * y + f


def test_centres_of_other_pixels_lie_where_those_of_the_image_do():
    stride, offset = (4.0, 2.0), (1.5, 0.5)
    other = PLACE.of_pixels(stride, offset)
    for row, column in ((0, 0), (3, 7)):
        expected = centre(PLACE, stride[0] * row + offset[0], stride[1] * column + offset[1])
        assert centre(other, row, column) == pytest.approx(expected)
    assert (other.keys, other.map_info) == (PLACE.keys, "")


def test_pixels_that_cover_the_image_share_its_corner():
    other = PLACE.of_pixels((4.0, 2.0), (1.5, 0.5))
    np.testing.assert_allclose(other.transform[2::3], PLACE.transform[2::3])
    assert PLACE.of_pixels((1.0, 1.0), (0.0, 0.0)) is PLACE
