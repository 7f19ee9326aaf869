from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from napari_ifealid.errors import DatasetError
from napari_ifealid.extraction.rgb_images import as_rgb

GREY = np.array([[0, 100, 50], [200, 255, 7]], np.uint8)
COLOUR = np.stack([GREY, GREY[::-1], GREY[:, ::-1]], axis=-1)
DEEP_COLOUR = COLOUR.astype(np.uint16) * 16  # 12 bits of 16


def test_colours_of_8_bits_are_divided_by_255():
    np.testing.assert_array_equal(as_rgb(COLOUR // 2), (COLOUR // 2).astype(np.float32) / 255)


@pytest.mark.parametrize(("low", "high"), [(0, 255), (3, 7)])
def test_grey_of_8_bits_is_divided_by_255_not_stretched(low, high):
    grey = np.array([[low, high], [high, low]], np.uint8)
    rgb = as_rgb(grey)
    assert rgb.dtype == np.float32
    np.testing.assert_array_equal(rgb, np.dstack([grey.astype(np.float32) / 255] * 3))


@given(
    npst.arrays(
        st.one_of(
            npst.integer_dtypes(sizes=(8, 16, 32)),
            npst.unsigned_integer_dtypes(sizes=(16, 32)),
            npst.floating_dtypes(sizes=(32, 64)),
        ),
        (3, 2),
        elements={"min_value": 0, "max_value": 100},
        unique=True,
    )
)
def test_numbers_of_other_types_are_stretched(numbers):
    low, high = numbers.min().astype(float), numbers.max().astype(float)
    rgb = as_rgb(numbers)
    assert (rgb.min(), rgb.max()) == (0, 1)
    stretched = (numbers.astype(float) - low) / (high - low)
    np.testing.assert_allclose(rgb, np.dstack([stretched] * 3), atol=1e-5)


def test_opacity_does_not_take_part_in_stretching():
    opaque = np.dstack([DEEP_COLOUR, np.full(GREY.shape, 65535, np.uint16)])
    np.testing.assert_array_equal(as_rgb(opaque), as_rgb(DEEP_COLOUR))


@pytest.mark.parametrize("value", [0, 7, -3.5, np.finfo("f8").max])
def test_image_of_one_value_is_black(value):
    assert (as_rgb(np.full((2, 3), value, np.float64)) == 0).all()


def test_largest_floats_are_stretched_without_overflow():
    largest = np.finfo("f8").max
    rgb = as_rgb(np.array([[-largest, 0], [largest / 2, largest]]))
    np.testing.assert_allclose(rgb[..., 0], [[0, 0.5], [0.75, 1]])


@pytest.mark.parametrize(
    ("image", "found"),
    [
        (np.ones((3, 4, 2)), r"shape \(3, 4, 2\)"),
        (np.ones((3, 4, 3, 3)), r"shape \(3, 4, 3, 3\)"),
        (np.ones(3), r"shape \(3,\)"),
        (np.ones((1, 4)), r"shape \(1, 4\).*2 or more pixels"),
        (np.ones((3, 4), complex), "type complex128"),
        (np.full((3, 4), "a"), "type <U1"),
        (np.array([[1, 2], [3, np.nan]]), "NaN or infinity"),
        (np.array([[1, 2], [3, np.inf]]), "NaN or infinity"),
    ],
)
def test_array_that_is_no_image_is_refused(image, found):
    with pytest.raises(DatasetError, match=found) as caught:
        as_rgb(image)
    assert caught.value.remedy
