from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.layers import default_grid
from napari_ifealid.sharpening import Alignment
from napari_ifealid.stack import FeatureStack, Placement

SIZES = st.tuples(st.integers(1, 12), st.integers(1, 12))
OFFSETS = st.tuples(st.floats(-9, 9), st.floats(-9, 9))


def stack_of(image_shape, stack_shape, placement=None) -> FeatureStack:
    overlay = np.zeros((*image_shape, 3), np.uint8)
    return FeatureStack(
        values=np.ones((*stack_shape, 2)), name="x", overlay=overlay, placement=placement
    )


def overlap(middle: float, length: float, pixel: int) -> float:
    """Return how much of a pixel of the image lies in one of the stack, along an axis."""
    end = min(middle + length / 2, pixel + 0.5)
    return max(0.0, end - max(middle - length / 2, pixel - 0.5))


@given(SIZES, SIZES)
def test_outer_edges_meet_unless_the_stack_tells_its_place(image_shape, stack_shape):
    alignment = Alignment.of(stack_of(image_shape, stack_shape))
    for axis in (0, 1):
        stride, offset = alignment.stride[axis], alignment.offset[axis]
        assert offset - stride / 2 == pytest.approx(-0.5)
        last = offset + stride * (stack_shape[axis] - 1)
        assert last + stride / 2 == pytest.approx(image_shape[axis] - 0.5)
        assert alignment.reaches(axis).all()


def test_placement_of_the_stack_is_kept():
    placement = Placement((4.0, 8.0), (3.5, -2.0))
    alignment = Alignment.of(stack_of((20, 30), (4, 5), placement))
    assert (alignment.stride, alignment.offset) == ((4.0, 8.0), (3.5, -2.0))
    assert (alignment.image_shape, alignment.stack_shape) == ((20, 30), (4, 5))


@given(OFFSETS, st.tuples(st.floats(0.5, 9), st.floats(0.5, 9)))
def test_positions_are_those_of_the_grid_in_the_world(offset, stride):
    stack = stack_of((7, 9), (4, 5), Placement(stride, offset))
    alignment, grid = Alignment.of(stack), default_grid(stack)
    expected = grid.positions_of(list(np.ndindex(7, 9))).reshape(7, 9, 2)
    np.testing.assert_allclose(alignment.positions(0), expected[:, 0, 0], atol=1e-9)
    np.testing.assert_allclose(alignment.positions(1), expected[0, :, 1], atol=1e-9)


def test_pixels_of_the_image_beside_the_stack_are_not_reached():
    alignment = Alignment((20, 12), (3, 4), (4.0, 2.0), (5.0, -3.0))
    np.testing.assert_array_equal(np.flatnonzero(alignment.reaches(0)), range(3, 16))
    np.testing.assert_array_equal(np.flatnonzero(alignment.reaches(1)), range(5))


def test_mirrored_stack_reaches_as_far():
    alignment = Alignment((20, 12), (3, 4), (-4.0, 2.0), (13.0, -3.0))
    np.testing.assert_array_equal(np.flatnonzero(alignment.reaches(0)), range(3, 16))


@pytest.mark.parametrize("stride", [(4.0, 3.0), (3.0, 4.0), (-3.0, 4.0)])
def test_coarseness_is_the_length_of_the_shorter_side(stride):
    assert Alignment((9, 9), (3, 3), stride, (0.0, 0.0)).coarseness == 3.0


@given(
    image_shape=SIZES,
    stack_shape=SIZES,
    stride=st.tuples(st.floats(0.3, 6), st.floats(0.3, 6)),
    seed=st.integers(0, 2**32 - 1),
)
def test_means_are_those_of_the_area_of_each_pixel(image_shape, stack_shape, stride, seed):
    rng = np.random.default_rng(seed)
    image = rng.random((*image_shape, 3)).astype(np.float32)
    middles = rng.random((2, 12)) * (np.array(image_shape) - 1)[:, np.newaxis]
    offset = middles[0, 0], middles[1, 0]
    alignment = Alignment(image_shape, stack_shape, stride, offset)
    means = alignment.means(image)
    assert means.dtype == np.float32
    for row, column in np.ndindex(stack_shape):
        # beside the image, the border stands in
        down, across = (
            min(max(number * stride[axis] + offset[axis], 0.0), image_shape[axis] - 1.0)
            for axis, number in enumerate((row, column))
        )
        total, area = np.zeros(3), 0.0
        for y, x in np.ndindex(image_shape):
            share = overlap(down, stride[0], y) * overlap(across, stride[1], x)
            total, area = total + share * image[y, x], area + share
        np.testing.assert_allclose(means[row, column], total / area, atol=1e-5)


def test_means_of_whole_blocks_are_those_of_their_pixels():
    image = np.random.default_rng(0).random((12, 8, 3)).astype(np.float32)
    alignment = Alignment.of(stack_of((12, 8), (3, 4)))
    expected = image.reshape(3, 4, 4, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(alignment.means(image), expected, rtol=1e-6)
