from __future__ import annotations

from math import exp, inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sharp_cases import explicit, image_of

from napari_ifealid.sharpening import Alignment, JointBilateral, Weights
from napari_ifealid.sharpening.weights import ONE
from napari_ifealid.sharpness import Sharpness

REACH = 2


def weights_of(image, alignment, is_known=None, sharpness=None) -> Weights:
    if is_known is None:
        is_known = np.ones(alignment.stack_shape, bool)
    builder = JointBilateral(image, alignment, is_known, sharpness or Sharpness())
    weights = builder.empty()
    for rows in builder.blocks():
        builder.fill(weights, rows)
    return weights


def defined_logarithms(image, alignment, is_known, sharpness, pixel) -> dict[int, float]:
    """Return the logarithms of the weights of a pixel of the image, by the formula."""
    exact = [alignment.positions(axis)[pixel[axis]] for axis in (0, 1)]
    near = [
        min(max(round(position), 0), length - 1)
        for position, length in zip(exact, alignment.stack_shape, strict=True)
    ]
    inside = all(
        -0.5 <= position <= length - 0.5
        for position, length in zip(exact, alignment.stack_shape, strict=True)
    )
    if not inside or not is_known[*near]:
        return {}
    colours = image.astype(np.float64) / 255.0
    means = alignment.means(colours.astype(np.float32)).astype(np.float64)
    logarithms = {}
    for row in range(near[0] - REACH, near[0] + REACH + 1):
        for column in range(near[1] - REACH, near[1] + REACH + 1):
            if not (0 <= row < len(is_known) and 0 <= column < is_known.shape[1]):
                continue
            if not is_known[row, column]:
                continue
            distance = (row - exact[0]) ** 2 + (column - exact[1]) ** 2
            difference = ((colours[*pixel] - means[row, column]) ** 2).sum()
            number = row * is_known.shape[1] + column
            logarithms[number] = -distance / (2 * sharpness.space**2)
            logarithms[number] -= difference / (2 * sharpness.colour**2)
    return logarithms


@st.composite
def alignments(draw) -> Alignment:
    """Draw any place of a stack on an image, also beside it, upside down and mirrored."""
    image_shape = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    stack_shape = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    stride = rng.uniform(1.1, 4.0, 2) * draw(st.sampled_from([(1, 1), (1, -1), (-1, 1)]))
    offset = rng.uniform(-4.0, 8.0, 2)
    return Alignment(image_shape, stack_shape, tuple(stride), tuple(offset))


@settings(max_examples=60)
@given(
    alignment=alignments(),
    seed=st.integers(0, 2**32 - 1),
    space=st.floats(0.3, 3.0),
    colour=st.floats(0.05, 2.0),
    taps=st.integers(1, 30),
)
def test_weights_are_those_of_the_formula_for_the_largest_taps(
    alignment, seed, space, colour, taps
):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (*alignment.image_shape, 3)).astype(np.uint8)
    is_known = rng.random(alignment.stack_shape) < 0.9
    sharpness = Sharpness(space, colour, taps)
    weights = weights_of(image, alignment, is_known, sharpness)
    assert weights.taps == min(taps, 25)
    matrix = explicit(weights).reshape(*alignment.image_shape, -1)
    for pixel in np.ndindex(alignment.image_shape):
        defined = defined_logarithms(image, alignment, is_known, sharpness, pixel)
        actual = matrix[pixel]
        if not defined:
            assert not actual.any()
            continue
        kept = sorted(defined.values(), reverse=True)[:taps]
        total = sum(exp(one - kept[0]) for one in kept)
        for tap in np.flatnonzero(actual):
            expected = exp(defined.get(int(tap), -inf) - kept[0]) / total
            assert actual[tap] == pytest.approx(expected, abs=3e-4)
            # of two that are equally large, any
            assert defined[int(tap)] >= kept[-1] - 1e-3
        shares = np.sort(actual)[::-1][: len(kept)]
        expected = [exp(one - kept[0]) / total for one in kept]
        np.testing.assert_allclose(shares, expected[: len(shares)], atol=3e-4)


@given(alignments(), st.integers(0, 2**32 - 1), st.integers(1, 25))
def test_weights_of_each_pixel_add_up_to_one_or_are_all_zero(alignment, seed, taps):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (*alignment.image_shape, 3)).astype(np.uint8)
    is_known = rng.random(alignment.stack_shape) < 0.8
    weights = weights_of(image, alignment, is_known, Sharpness(taps=taps))
    totals = weights.values.sum(axis=-1, dtype=np.int64)
    assert np.isin(totals, (0, ONE)).all()
    assert (weights.columns < weights.stack_pixels).all()


def test_flat_image_leaves_the_gaussian_of_the_distance():
    image = np.full((20, 24, 3), 99, np.uint8)
    alignment = Alignment((20, 24), (5, 6), (4.0, 4.0), (1.5, 1.5))
    sharpness = Sharpness(taps=25)
    matrix = explicit(weights_of(image, alignment, sharpness=sharpness))
    rows, columns = np.mgrid[:5, :6]
    for pixel in ((10, 12), (9, 9), (0, 0)):
        y, x = ((number - 1.5) / 4.0 for number in pixel)
        expected = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * sharpness.space**2))
        near = (np.abs(rows - round(y)) <= REACH) & (np.abs(columns - round(x)) <= REACH)
        expected = np.where(near, expected, 0.0).ravel()
        actual = matrix[pixel[0] * 24 + pixel[1]]
        np.testing.assert_allclose(actual, expected / expected.sum(), atol=2e-4)


def test_pixels_take_nothing_from_beyond_an_edge():
    image = np.zeros((20, 24, 3), np.uint8)
    image[:, 12:] = 255
    alignment = Alignment((20, 24), (5, 6), (4.0, 4.0), (1.5, 1.5))
    matrix = explicit(weights_of(image, alignment)).reshape(20, 24, 5, 6)
    assert not matrix[:, :12, :, 3:].any()
    assert not matrix[:, 12:, :, :3].any()


def test_pixel_of_a_colour_like_none_around_still_has_a_vector():
    image = np.zeros((20, 24, 3), np.uint8)
    image[10, 12] = 255
    alignment = Alignment((20, 24), (5, 6), (4.0, 4.0), (1.5, 1.5))
    weights = weights_of(image, alignment, sharpness=Sharpness(colour=1e-3))
    assert not weights.is_void.any()
    assert explicit(weights)[10 * 24 + 12].reshape(5, 6).argmax() == 2 * 6 + 3


def test_pixels_beside_the_stack_have_no_vector():
    alignment = Alignment((20, 24), (3, 4), (4.0, 4.0), (5.5, -2.5))
    weights = weights_of(image_of((20, 24)), alignment)
    is_void = np.ones((20, 24), bool)
    is_void[4:16, :12] = False
    np.testing.assert_array_equal(weights.is_void, is_void)


def test_unknown_pixel_of_the_stack_leaves_its_area_alone_without_a_vector():
    alignment = Alignment((20, 24), (5, 6), (4.0, 4.0), (1.5, 1.5))
    is_known = np.ones((5, 6), bool)
    is_known[2, 3] = False
    weights = weights_of(image_of((20, 24)), alignment, is_known)
    is_void = np.zeros((20, 24), bool)
    is_void[8:12, 12:16] = True
    np.testing.assert_array_equal(weights.is_void, is_void)
    assert not explicit(weights)[:, 2 * 6 + 3].any()


@pytest.mark.parametrize("block", [1, 24, 100, 10_000])
def test_blocks_fill_the_image_once_and_do_not_change_it(monkeypatch, block):
    alignment = Alignment((20, 24), (5, 6), (4.0, 4.0), (1.5, 1.5))
    expected = weights_of(image_of((20, 24)), alignment)
    monkeypatch.setattr("napari_ifealid.sharpening.joint_bilateral._BLOCK", block)
    builder = JointBilateral(image_of((20, 24)), alignment, np.ones((5, 6), bool), Sharpness())
    rows = [number for part in builder.blocks() for number in range(part.start, part.stop)]
    assert rows == list(range(20))
    actual = weights_of(image_of((20, 24)), alignment)
    np.testing.assert_array_equal(explicit(actual), explicit(expected))


def test_part_of_a_row_is_filled_as_in_the_whole():
    alignment = Alignment((20, 24), (5, 6), (4.0, 4.0), (1.5, 1.5))
    image = image_of((20, 24))
    whole = weights_of(image, alignment)
    builder = JointBilateral(image, alignment, np.ones((5, 6), bool), Sharpness())
    part = builder.empty()
    builder.fill(part, slice(3, 9), slice(5, 20))
    matrix = explicit(whole).reshape(20, 24, -1)
    expected = np.zeros_like(matrix)
    expected[3:9, 5:20] = matrix[3:9, 5:20]
    np.testing.assert_array_equal(explicit(part), expected.reshape(480, -1))
