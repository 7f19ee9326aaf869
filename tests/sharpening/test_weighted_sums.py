from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sharp_cases import WAYS, any_weights, explicit, summing

from napari_ifealid.sharpening.weighted_sums import WeightedSums

with_both_ways = pytest.mark.parametrize("way", WAYS)


@with_both_ways
@given(weights=any_weights(), count=st.integers(1, 5), step=st.integers(1, 4), data=st.data())
def test_largest_sums_are_those_of_the_matrix(way, weights, count, step, data):
    rng = np.random.default_rng(2)
    numbers = rng.normal(size=(count, weights.stack_pixels))
    offsets = rng.normal(size=count)
    first = tuple(data.draw(st.integers(0, length - 1)) for length in weights.image_shape)
    stop = tuple(
        data.draw(st.integers(start + 1, length))
        for start, length in zip(first, weights.image_shape, strict=True)
    )
    index = tuple(slice(*ends, step) for ends in zip(first, stop, strict=True))
    of_each = (explicit(weights) @ numbers.T + offsets).max(axis=1)
    expected = of_each.reshape(weights.image_shape)[index]
    sums = np.empty(expected.shape)
    with summing(way):
        WeightedSums(weights).fill_largest(sums, numbers, offsets, first, step)
    np.testing.assert_allclose(sums, expected, rtol=0, atol=1e-13)


@with_both_ways
@given(weights=any_weights())
def test_pixels_without_weights_have_the_offset(way, weights):
    sums = np.empty(weights.image_shape)
    with summing(way):
        numbers = np.ones((1, weights.stack_pixels))
        WeightedSums(weights).fill_largest(sums, numbers, np.array([3.0]))
    np.testing.assert_allclose(sums, np.where(weights.is_void, 3.0, 4.0), rtol=1e-15)
