from __future__ import annotations

from concurrent.futures import CancelledError

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from real_arrays import INTEGERS, REAL, between, half_step, real_arrays, seeds

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.quantisation import quantisation, restored
from napari_ifealid.stack import FeatureStack

FLOAT_MAX = float(np.finfo(np.float64).max)
precisions = st.sampled_from([8, 16, 32])
signed = [dtype for dtype in REAL if dtype.kind in "if"]


def stack_of(values, **fields) -> FeatureStack:
    return FeatureStack(values=values, name="small", **fields)


def quantised(values, precision, **options) -> FeatureStack:
    numbers = quantisation(stack_of(values), precision, **options)
    return stack_of(
        numbers.quantised(slice(None)),
        value_range=numbers.value_range,
        real_dtype=values.dtype,
    )


def real(stack: FeatureStack):
    return stack.real_values(stack.values)


def distance(first, second):
    return np.abs(first.astype(np.longdouble) - second.astype(np.longdouble)).max()


# The range


@given(real_arrays(has_zero_pixel=st.just(False)), precisions)
def test_range_is_that_of_the_values(values, precision):
    assume(values.any(axis=-1).all())
    assert quantised(values, precision).value_range == (values.min(), values.max())


@pytest.mark.parametrize(("dtype", "kind"), [("?", int), ("i8", int), ("u2", int), ("f2", float)])
def test_range_has_numbers_of_python(dtype, kind):
    low, high = quantised(np.eye(3, dtype=dtype)[..., None], 8).value_range
    assert type(low) is type(high) is kind


def test_range_of_all_pieces_counts():
    values = np.zeros((5, 100_000, 1), np.float32)
    values[0, 0], values[-1, -1] = 3, -2
    assert quantised(values, 32).value_range == pytest.approx((-2, 3), abs=1e-8)


# The values


@given(real_arrays(), precisions)
def test_values_come_back_within_half_a_step(values, precision):
    stack = quantised(values, precision)
    assert stack.values.dtype == f"u{precision // 8}"
    assert distance(real(stack), values) <= half_step(stack.value_range, precision)


@given(real_arrays(), precisions)
@example(np.array([[[-32574, 32767]], [[0, 0]]], np.int16), 8)
@example(np.array([[[-(2**63), 2**63 - 1]], [[0, 0]]], np.int64), 8)
@example(np.array([[[-37000, 65504]], [[0, 0]]], np.float16), 8)
@example(np.array([[[-FLOAT_MAX, FLOAT_MAX]]]), 16)
def test_values_are_restored_in_their_type(values, precision):
    stack = quantised(values, precision)
    again = restored(stack)
    assert again.dtype == values.dtype
    assert distance(again, values) <= half_step(stack.value_range, precision) + rounding(values)


def rounding(values) -> float:
    if values.dtype.kind != "f":
        return 0.5
    return float(np.finfo(values.dtype).eps) * float(np.abs(values).max())


@st.composite
def integers_that_fit(draw):
    """Integers of a type with no more values than a precision has numbers."""
    precision = draw(precisions)
    dtype = draw(st.sampled_from(INTEGERS))
    limits = np.iinfo(dtype)
    low = draw(st.integers(limits.min, limits.max))
    high = min(low + draw(st.integers(0, 2**precision - 1)), limits.max)
    values = between(low, high, (4, 3, 5), dtype, draw(seeds))
    values[0, 0, 0], values[-1, -1, -1] = low, high
    if low <= 0 <= high and draw(st.booleans()):
        values[1, 1] = 0
    return values, precision


@given(integers_that_fit())
@example((np.array([[[2**64 - 1, 2**64 - 256]]], np.uint64), 8))
@example((np.array([[[-(2**63), 255 - 2**63]]], np.int64), 8))
@example((np.array([[[-(2**31), 2**31 - 1]]], np.int32), 32))
@example((np.array([[[-127, 127]], [[0, 0]]], np.int8), 8))
@example((np.array([[[True, False]]]), 8))
def test_integers_that_fit_are_exact(values_and_precision):
    values, precision = values_and_precision
    np.testing.assert_array_equal(restored(quantised(values, precision)), values)


@given(real_arrays([d for d in REAL if d.kind in "biu"], has_zero_pixel=st.just(False)), precisions)
@example(np.array([[[0, 2**64 - 1]]], np.uint64), 8)
@example(np.array([[[-(2**63), 2**63 - 1]]], np.int64), 32)
@example(np.array([[[-5, 2**63 - 1]]], np.int64), 16)
def test_smallest_and_largest_integer_are_exact(values, precision):
    assume(values.any(axis=-1).all())
    again = restored(quantised(values, precision))
    np.testing.assert_array_equal(again[values == values.min()], values.min())
    np.testing.assert_array_equal(again[values == values.max()], values.max())


@given(st.sampled_from([8, 16, 32]), st.slices(9))
def test_some_features_are_quantised_like_all(precision, features):
    values = between(-3, 8, (5, 4, 9), np.dtype("f4"), 1)
    numbers = quantisation(stack_of(values), precision)
    np.testing.assert_array_equal(
        numbers.quantised(features), numbers.quantised(slice(None))[..., features]
    )


# Zero


def has_room(values) -> bool:
    """Return whether a range may be widened: neither the largest nor the smallest floats."""
    largest = float(np.abs(values).max())
    return largest == 0 or 1e-290 < largest < 1e308


@given(real_arrays(signed, has_zero_pixel=st.just(True)), precisions)
@example(np.array([[[-3.0, 2.1]], [[0.0, 0.0]]]), 8)
@example(np.array([[[-(2**62) - 12345, 2**63 - 1]], [[0, 0]]], np.int64), 8)
def test_all_zero_pixel_stays_all_zero(values, precision):
    assume(has_room(values))
    stack = quantised(values, precision)
    zero = ~values.any(axis=-1)
    assert not real(stack)[zero].any()
    assert not restored(stack)[zero].any()


@given(real_arrays(signed, has_zero_pixel=st.just(True)), precisions)
@example(np.array([[[-1, 1]], [[0, 0]]], np.int8), 8)
def test_range_is_widened_by_a_step_at_most(values, precision):
    assume(has_room(values))
    low, high = float(values.min()), float(values.max())
    wider_low, wider_high = map(float, quantised(values, precision).value_range)
    step = (wider_high - wider_low) / (2**precision - 1)
    within = pytest.approx(0, abs=step * 1e-6)
    assert min(low - wider_low, 0) == within == min(wider_high - high, 0)
    assert max(low - wider_low, step) == pytest.approx(step) == max(wider_high - high, step)


@pytest.mark.parametrize("row", [0, 250, -1])
def test_all_zero_pixel_is_found_in_all_pieces(row):
    values = between(-3, 8, (500, 100, 5), np.dtype("f4"), 0)
    values[row, 50] = 0
    assert not real(quantised(values, 8))[row, 50].any()


def test_range_of_a_stack_without_an_all_zero_pixel_is_not_widened():
    values = np.array([[[-3.0, 2.1], [0.0, 1.0]]])
    assert quantised(values, 8).value_range == (-3.0, 2.1)


@pytest.mark.parametrize("value", [0, 5, -3])
@pytest.mark.parametrize("dtype", ["i2", "f4", "i8"])
@pytest.mark.parametrize("precision", [8, 16, 32])
def test_constant_comes_back(value, dtype, precision):
    values = np.full((2, 3, 4), value, dtype)
    stack = quantised(values, precision)
    assert stack.value_range == (value, value)
    np.testing.assert_array_equal(restored(stack), values)
    assert stack.values.any() == (value != 0)


# Not finite


WITH_GAPS = np.full((500, 100, 5), 2.0, np.float32)  # of several pieces
WITH_GAPS[0, 0, :2] = np.nan
WITH_GAPS[-1, -1, -3:] = np.inf, -np.inf, np.nan


def test_nan_and_infinities_are_counted():
    with pytest.raises(DatasetError) as caught:
        quantised(WITH_GAPS, 8)
    assert caught.value.found == "3 NaN and 2 infinities among 250,000 values"
    assert "nonfinite=0" in caught.value.remedy


@pytest.mark.parametrize("nonfinite", [0, -7.5])
def test_nan_and_infinities_are_replaced(nonfinite):
    again = restored(quantised(WITH_GAPS, 8, nonfinite=nonfinite))
    expected = np.where(np.isfinite(WITH_GAPS), WITH_GAPS, nonfinite)
    np.testing.assert_array_equal(again, expected)


def test_replacement_must_be_finite():
    with pytest.raises(DatasetError, match="5 NaN"):
        quantised(WITH_GAPS, 8, nonfinite=np.nan)


@pytest.mark.skipif(np.finfo(np.longdouble).max == FLOAT_MAX, reason="no longer floats here")
def test_long_doubles_beyond_the_largest_float_count_as_infinite():
    with pytest.raises(DatasetError, match="1 infinities"):
        quantised(np.array([[[np.longdouble("1e400"), 0]]]), 8)


# Quantised already


BYTES = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)
RANGE = (-1.7, 4.1)


@pytest.mark.parametrize("precision", [8, 16, 32])
def test_quantised_stack_keeps_its_range_and_values(precision):
    before = stack_of(BYTES, value_range=RANGE)
    numbers = quantisation(before, precision)
    assert numbers.value_range == RANGE
    after = stack_of(numbers.quantised(slice(None)), value_range=RANGE)
    np.testing.assert_array_equal(real(after), real(before))


def test_quantised_stack_keeps_its_numbers():
    numbers = quantisation(stack_of(BYTES, value_range=RANGE), 8)
    np.testing.assert_array_equal(numbers.quantised(slice(None)), BYTES)


def test_quantised_stack_is_quantised_again_for_fewer_bits():
    before = stack_of(BYTES.astype(np.uint16) * 1000, value_range=RANGE)
    numbers = quantisation(before, 8)
    after = stack_of(numbers.quantised(slice(None)), value_range=numbers.value_range)
    assert numbers.value_range == (real(before).min(), real(before).max())
    assert distance(real(after), real(before)) <= half_step(numbers.value_range, 8)


@pytest.mark.parametrize(
    ("dtype", "real_dtype", "expected"),
    [
        ("u1", None, "f4"),
        ("u2", None, "f4"),
        ("u4", None, "f8"),
        ("u1", "i2", "i2"),
        ("u4", "f2", "f2"),
    ],
)
def test_type_is_the_one_before_or_else_one_that_holds_all_numbers(dtype, real_dtype, expected):
    real_dtype = None if real_dtype is None else np.dtype(real_dtype)
    stack = stack_of(BYTES.astype(dtype), value_range=RANGE, real_dtype=real_dtype)
    assert restored(stack).dtype == expected


def test_what_is_not_quantised_is_restored_without_a_copy():
    assert restored(stack_of(BYTES)) is BYTES


def test_values_beyond_the_type_are_cut_off():
    stack = stack_of(BYTES, value_range=(-1000, 9000), real_dtype=np.dtype(np.int8))
    again = restored(stack)
    assert (again.min(), again.max()) == (-128, 127)


# Progress


def test_progress_tells_what_is_measured():
    told = []

    def track(pieces, *, total, desc):
        for number, piece in enumerate(pieces):
            told.append((number, total, desc))
            yield piece

    quantisation(stack_of(WITH_GAPS), 8, nonfinite=0, track=track)
    total = len(told)
    assert total > 1
    assert told == [(number, total, "Measuring small") for number in range(total)]


def test_progress_that_ends_early_cancels():
    with pytest.raises(CancelledError):
        quantisation(stack_of(WITH_GAPS), 8, nonfinite=0, track=lambda pieces, **_: pieces[:1])


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_values_with_a_gain_and_missing_ones_are_restored_as_floats(dtype):
    values = np.array([[[1, 3, -9]]], dtype)
    stack = FeatureStack(values=values, name="x", gain=0.5, nodata=-9)
    real = restored(stack)
    assert real.dtype == np.float32
    np.testing.assert_array_equal(real, [[[0.5, 1.5, np.nan]]])


def test_values_with_a_gain_are_quantised_as_real_ones():
    stack = FeatureStack(values=np.array([[[0, 2, 4]]], np.int16), name="x", gain=0.5)
    numbers = quantisation(stack, 8)
    assert numbers.value_range == (0.0, 2.0)
    np.testing.assert_array_equal(numbers.quantised(slice(None)), [[[0, 128, 255]]])
