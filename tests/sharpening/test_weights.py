from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sharp_cases import any_weights, explicit

from napari_ifealid.sharpening import Weights
from napari_ifealid.sharpening.weights import ONE, column_dtype, weights_memory


def shares_of(taps: int, seed: int, power: float, dtype: type = np.float32) -> np.ndarray:
    """Return shares of 4 × 5 pixels, two of which have none."""
    shares = np.random.default_rng(seed).random((taps, 4, 5)) ** power
    shares[:, 1, 2] = shares[:, 3, 0] = 0.0
    total = shares.sum(axis=0)
    return (shares / np.where(total == 0.0, 1.0, total)).astype(dtype)


@given(
    taps=st.integers(1, 25),
    seed=st.integers(0, 2**32 - 1),
    power=st.floats(0, 20),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_weights_of_a_pixel_add_up_to_one_exactly_or_are_all_zero(taps, seed, power, dtype):
    shares = shares_of(taps, seed, power, dtype)
    columns = np.random.default_rng(seed).integers(0, 99, shares.shape)
    weights = Weights.empty(taps, (4, 5), 99)
    weights.set(slice(None), slice(None), columns, shares)
    totals = weights.values.sum(axis=-1, dtype=np.int64)
    np.testing.assert_array_equal(totals, np.where(shares.any(axis=0), ONE, 0))


@given(taps=st.integers(1, 25), seed=st.integers(0, 2**32 - 1), power=st.floats(0, 20))
def test_weights_are_the_shares_but_for_rounding_which_the_largest_takes(taps, seed, power):
    shares = shares_of(taps, seed, power)
    columns = np.random.default_rng(seed).integers(0, 99, shares.shape)
    weights = Weights.empty(taps, (4, 5), 99)
    weights.set(slice(None), slice(None), columns, shares)
    values = np.moveaxis(weights.values, -1, 0).astype(float)
    off = np.abs(values - shares.astype(float) * ONE)
    largest = shares.argmax(axis=0)[np.newaxis]
    assert (np.take_along_axis(off, largest, 0) <= taps / 2 + 0.1).all()
    np.put_along_axis(off, largest, 0.0, 0)
    assert (off <= 0.51).all()
    kept = np.moveaxis(weights.columns, -1, 0)
    np.testing.assert_array_equal(kept[values > 0], columns[values > 0])


def test_tap_of_weight_zero_is_that_of_the_largest():
    # since its own pixel may have no vector
    weights = Weights.empty(3, (1, 1), 9)
    shares = np.array([1e-7, 0.25, 0.75])[:, np.newaxis, np.newaxis]
    weights.set(slice(None), slice(None), np.array([4, 5, 6]).reshape(3, 1, 1), shares)
    assert weights.columns[0, 0].tolist() == [6, 5, 6]


def test_other_pixels_are_left_alone():
    weights = Weights.empty(2, (6, 7), 9)
    shares = np.full((2, 2, 3), 0.5)
    weights.set(slice(1, 3), slice(4, 7), np.full(shares.shape, 8), shares)
    is_set = np.zeros((6, 7), bool)
    is_set[1:3, 4:7] = True
    np.testing.assert_array_equal(weights.is_void, ~is_set)
    np.testing.assert_array_equal(weights.columns, np.where(is_set, 8, 0)[..., np.newaxis] + [0, 0])


@given(any_weights(), st.data())
def test_rows_are_those_of_the_matrix(weights, data):
    matrix = explicit(weights)
    np.testing.assert_array_equal(weights.rows(slice(None)).toarray(), matrix)
    first = data.draw(st.integers(0, len(matrix) - 1))
    stop = data.draw(st.integers(first + 1, len(matrix)))
    np.testing.assert_array_equal(weights.rows(slice(first, stop)).toarray(), matrix[first:stop])
    numbers = np.array(data.draw(st.lists(st.integers(0, len(matrix) - 1), min_size=1)))
    np.testing.assert_array_equal(weights.rows(numbers).toarray(), matrix[numbers])


@given(any_weights(), st.data())
def test_reach_holds_all_taps(weights, data):
    matrix = explicit(weights)
    first = data.draw(st.integers(0, len(matrix) - 1))
    stop = data.draw(st.integers(first + 1, len(matrix)))
    numbers = np.array(data.draw(st.lists(st.integers(0, len(matrix) - 1), min_size=1)))
    for pixels in (slice(first, stop), numbers):
        reach = weights.reach(pixels)
        assert np.count_nonzero(matrix[pixels]) == np.count_nonzero(matrix[pixels, reach])
        np.testing.assert_array_equal(weights.rows(pixels, reach).toarray(), matrix[pixels, reach])


@given(any_weights())
def test_pixels_without_weights_are_void(weights):
    is_void = ~explicit(weights).any(axis=1)
    np.testing.assert_array_equal(weights.is_void, is_void.reshape(weights.image_shape))


@pytest.mark.parametrize(
    ("stack_pixels", "dtype"), [(1, "uint16"), (65536, "uint16"), (65537, "uint32")]
)
def test_columns_take_two_bytes_where_that_is_enough(stack_pixels, dtype):
    assert column_dtype(stack_pixels) == dtype
    assert stack_pixels - 1 <= np.iinfo(dtype).max
    weights = Weights.empty(3, (4, 5), stack_pixels)
    assert weights.columns.dtype == dtype
    assert weights.memory == weights_memory(3, 20, stack_pixels)
