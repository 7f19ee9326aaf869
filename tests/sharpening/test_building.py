from __future__ import annotations

from dataclasses import replace

import dask.array as da
import numpy as np
import pytest
from sharp_cases import STACK_SHAPE, UNKNOWN_PIXEL, explicit, stack_of

from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.sharpening import (
    Alignment,
    JointBilateral,
    building,
    is_worth_it,
    sharp_memory,
    weight_step_count,
    weight_steps,
    why_not_sharp,
    window_weights,
)
from napari_ifealid.sharpness import Sharpness
from napari_ifealid.stack import FeatureStack, Placement


@pytest.fixture
def small_blocks(monkeypatch) -> None:
    """Cuts images into blocks of two rows."""
    monkeypatch.setattr("napari_ifealid.sharpening.joint_bilateral._BLOCK", 84)


def test_stack_with_a_larger_image_can_be_sharp():
    assert why_not_sharp(stack_of()) == ""


def test_there_is_an_image_to_take_outlines_from():
    assert "no original image" in why_not_sharp(replace(stack_of(), overlay=None))


def test_volume_is_not_sharp():
    stack = FeatureStack(
        values=np.ones((2, 3, 4, 5)), name="x", overlay=np.zeros((9, 12, 3), np.uint8)
    )
    assert "two spatial axes" in why_not_sharp(stack)


def test_stack_on_disk_is_not_sharp():
    stack = stack_of()
    assert "stays on disk" in why_not_sharp(replace(stack, values=da.from_array(stack.values)))


@pytest.mark.parametrize(
    ("stride", "coarse", "worth_it"),
    [(1.0, False, False), (0.5, False, False), (1.5, True, False), (2.0, True, True)],
)
def test_features_are_coarser_than_the_image(stride, coarse, worth_it):
    stack = stack_of(placement=Placement((3.0, stride), (0.0, 0.0)))
    assert ("as fine as the image" in why_not_sharp(stack)) is not coarse
    assert is_worth_it(stack) is worth_it


def test_weights_fit_the_memory(free_memory):
    stack = stack_of()
    needed = sharp_memory(stack)
    with free_memory(2 * needed):
        assert why_not_sharp(stack) == ""
        assert why_not_sharp(stack, Sharpness(taps=10))
    with free_memory(needed):
        assert "more than is free" in why_not_sharp(stack)


@pytest.mark.parametrize("taps", [1, 9, 25, 40])
def test_memory_is_that_of_the_weights(taps):
    stack, sharpness = stack_of(), Sharpness(taps=taps)
    *_, weights = weight_steps(PixelVectors.of(stack), sharpness)
    assert sharp_memory(stack, sharpness) == weights.memory


@pytest.mark.parametrize("blocks", ["one block", "small blocks"])
def test_there_are_as_many_steps_as_were_told_and_the_last_has_the_weights(request, blocks):
    if blocks == "small blocks":
        request.getfixturevalue("small_blocks")
    stack = stack_of()
    *steps, weights = weight_steps(PixelVectors.of(stack), Sharpness())
    assert steps == [None] * (weight_step_count(stack) - 1)
    assert bool(steps) is (blocks == "small blocks")
    assert weights.image_shape == stack.overlay.shape[:2]
    assert weights.stack_pixels == stack.pixel_count


def test_weights_are_those_of_joint_bilateral_upsampling(small_blocks):
    stack = stack_of("16 bit")
    *_, weights = weight_steps(PixelVectors.of(stack), Sharpness())
    is_known = np.ones(STACK_SHAPE, bool)
    builder = JointBilateral(stack.overlay, Alignment.of(stack), is_known, Sharpness())
    expected = builder.empty()
    builder.fill(expected, slice(0, stack.overlay.shape[0]))
    np.testing.assert_array_equal(explicit(weights), explicit(expected))


def test_pixel_without_a_vector_gets_no_weight():
    *_, weights = weight_steps(PixelVectors.of(stack_of("float with NaN")), Sharpness())
    number = np.ravel_multi_index(UNKNOWN_PIXEL, STACK_SHAPE)
    assert not explicit(weights)[:, number].any()
    assert weights.is_void.any()
    assert not (weights.columns[~weights.is_void] == number).any()


def test_maps_are_sharp_by_themselves_where_that_takes_little_memory(free_memory):
    stack = stack_of()
    needed = sharp_memory(stack)
    assert is_worth_it(stack)
    with free_memory(10 * needed):
        assert is_worth_it(stack)
    with free_memory(3 * needed):
        assert not is_worth_it(stack)
        assert why_not_sharp(stack) == ""
    with free_memory(needed):
        assert "more than is free" in why_not_sharp(stack)


@pytest.mark.parametrize("middle", [(0, 0), (20, 30), (31, 44)])
def test_window_has_the_weights_of_the_whole_image_and_nothing_else(monkeypatch, middle):
    monkeypatch.setattr(building, "_WINDOW", 10)
    monkeypatch.setattr(building, "_WINDOW_ROWS", 3)
    pixels = PixelVectors.of(stack_of())
    *_, whole = weight_steps(pixels, Sharpness())
    middle = tuple(min(x, length - 1) for x, length in zip(middle, whole.image_shape, strict=True))
    window = window_weights(pixels, Sharpness(), middle)
    inside = np.zeros(whole.image_shape, bool)
    inside[tuple(slice(max(x - 5, 0), x + 5) for x in middle)] = True
    assert inside[middle]
    np.testing.assert_array_equal(window.values[inside], whole.values[inside])
    np.testing.assert_array_equal(window.columns[inside], whole.columns[inside])
    assert not window.values[~inside].any()
