from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.luminance import grey_image, in_grey, luminance


def test_green_is_lighter_than_red_and_red_than_blue():
    red, green, blue = luminance(np.eye(3))
    assert green > red > blue
    assert red + green + blue == pytest.approx(1.0)


@pytest.mark.parametrize("level", [0, 1, 128, 255])
def test_grey_stays_as_it_is(level):
    image = np.full((2, 3, 3), level, np.uint8)
    assert np.array_equal(grey_image(image), image[..., 0])
    assert grey_image(image).dtype == np.uint8


def test_image_in_grey_is_as_transparent_as_before():
    image = np.random.default_rng(0).integers(0, 256, (3, 4, 4)).astype(np.uint8)
    grey = in_grey(image)
    np.testing.assert_array_equal(grey[..., 3], image[..., 3])
    for channel in range(3):
        np.testing.assert_array_equal(grey[..., channel], grey_image(image[..., :3]))
