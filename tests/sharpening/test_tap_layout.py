from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.engines import EngineUnavailableError
from napari_ifealid.sharpening.tap_layout import TapLayout
from napari_ifealid.sharpening.weights import ONE, Weights

STACK = 9, 11
IMAGE = 13, 8


def some_weights(taps: int, image: tuple[int, int] = IMAGE) -> Weights:
    """Return weights within 5 × 5 pixels of the stack."""
    rng = np.random.default_rng(taps)
    weights = Weights.empty(taps, image, STACK[0] * STACK[1])
    down, across = (rng.integers(0, side - 5, (*image, 1)) for side in STACK)
    near = rng.integers(0, 5, (2, *image, taps))
    weights.columns[...] = (down + near[0]) * STACK[1] + across + near[1]
    weights.values[...] = rng.integers(0, ONE + 1, (*image, taps))
    return weights


def unpacked(layout: TapLayout, texels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns and values of weights from texels of (texels, h, width, 4)."""
    numbers = np.moveaxis(texels, 0, 2).reshape(*texels.shape[1:3], -1)
    left, first, taps = numbers[..., :1], numbers[..., 1:2], numbers[..., 2 : 2 + layout.taps]
    values, place = np.divmod(taps.astype(int), 256)
    down, across = np.divmod(place, 16)
    return (first + down) * layout.stack_shape[1] + left + across, values


@pytest.mark.parametrize("taps", [1, 2, 3, 6, 7, 9, 10, 25])
def test_packed_taps_are_those_of_the_weights(taps):
    weights = some_weights(taps)
    layout = TapLayout.of(weights, STACK, 2048)
    columns, values = unpacked(layout, layout.packed(weights, slice(2, 11)))
    np.testing.assert_array_equal(columns, weights.columns[2:11])
    np.testing.assert_array_equal(values, weights.values[2:11])


@pytest.mark.parametrize(("taps", "texels"), [(1, 1), (2, 1), (3, 2), (9, 3), (10, 3), (11, 4)])
def test_texels_of_a_pixel_are_as_few_as_hold_its_taps(taps, texels):
    assert TapLayout.of(some_weights(taps), STACK, 2048).texels == texels


@pytest.mark.parametrize("max_side", [11, 12, 20, 38, 39, 2048])
def test_no_side_is_longer_than_a_texture_can_be(max_side):
    layout = TapLayout.of(some_weights(9), STACK, max_side)
    assert max(layout.texture_shape[:2]) <= max_side
    assert layout.terms_shape[:2] == (layout.height, IMAGE[1])


@pytest.mark.parametrize("max_side", [11, 12, 20, 38, 39, 2048])
def test_blocks_have_each_row_of_the_image_once(max_side):
    layout = TapLayout.of(some_weights(9), STACK, max_side)
    rows = [row for block in layout.blocks for row in range(block.start, block.stop)]
    assert rows == list(range(IMAGE[0]))
    assert max(block.stop - block.start for block in layout.blocks) <= layout.height


def test_texture_of_a_large_image_is_no_larger_than_drivers_take():
    weights = Weights(
        np.broadcast_to(np.uint16(0), (8000, 8000, 9)),
        np.broadcast_to(np.uint16(0), (8000, 8000, 9)),
        99,
    )
    layout = TapLayout.of(weights, STACK, 32_768)
    assert 16 * np.prod(layout.texture_shape[:2]) <= 1 << 28
    assert len(layout.blocks) == 12


@pytest.mark.parametrize(("image", "max_side"), [((5, 30), 29), ((5, 8), 10), ((5, 8), 2)])
def test_what_does_not_fit_a_texture_is_unavailable(image, max_side):
    with pytest.raises(EngineUnavailableError, match=f"a texture of {max_side}"):
        TapLayout.of(some_weights(9, image), STACK, max_side)


def test_taps_that_lie_too_far_apart_are_unavailable():
    weights = Weights.empty(2, (1, 1), 20)
    weights.columns[0, 0] = 0, 16
    layout = TapLayout.of(weights, (1, 20), 2048)
    with pytest.raises(EngineUnavailableError, match="16 pixels apart"):
        layout.packed(weights, slice(0, 1))
