from __future__ import annotations

import numpy as np

from napari_ifealid.sharpening import attention_weights, weights_of
from napari_ifealid.sharpening.weights import ONE

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 12, (7, 5, 3))
SHARES = RNG.random((7, 5, 3)).astype(np.float32)
SHARES /= SHARES.sum(-1, keepdims=True)
SHARES[2, 3] = 0


def test_weights_are_the_shares_to_16_bits_and_add_up_to_one():
    weights = weights_of(PIXELS, SHARES, 12)
    assert (weights.image_shape, weights.taps, weights.stack_pixels) == ((7, 5), 3, 12)
    np.testing.assert_array_equal(weights.columns, np.where(SHARES > 0, PIXELS, weights.columns))
    np.testing.assert_allclose(weights.values / ONE, SHARES, rtol=0, atol=2 / ONE)
    sums = weights.values.sum(-1, dtype=int)
    np.testing.assert_array_equal(sums, np.where(SHARES.any(-1), ONE, 0))


def test_pixel_without_shares_has_no_vector():
    is_void = np.zeros((7, 5), bool)
    is_void[2, 3] = True
    np.testing.assert_array_equal(weights_of(PIXELS, SHARES, 12).is_void, is_void)


def test_blocks_make_no_difference(monkeypatch):
    whole = weights_of(PIXELS, SHARES, 12)
    monkeypatch.setattr(attention_weights, "_BLOCK", 30)
    in_blocks = weights_of(PIXELS, SHARES, 12)
    np.testing.assert_array_equal(in_blocks.columns, whole.columns)
    np.testing.assert_array_equal(in_blocks.values, whole.values)
