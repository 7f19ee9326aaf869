from __future__ import annotations

import warnings

import numpy as np
import pytest

from napari_ifealid.formats.cf_values import (
    Packing,
    Unpacked,
    packing_of,
    unpacked,
    unwritten_value,
)
from napari_ifealid.stack import FeatureStack

INT16, UINT8, FLOAT32 = map(np.dtype, ["i2", "u1", "f4"])


def real(values: np.ndarray, **attributes: object) -> np.ndarray:
    """Return the real values of a packed cube, and check that a part of it is a part of them."""
    array, storage = unpacked(values, packing_of(attributes, values.dtype))
    part = (slice(0, 1), slice(0, values.shape[1]), 0)
    whole = array[(slice(None),) * values.ndim]
    np.testing.assert_array_equal(array[part], whole[part])
    np.testing.assert_array_equal(array[0, 0, 1], whole[0, 0, 1])
    assert whole.dtype == array.dtype
    assert whole.shape == array.shape
    return FeatureStack(values=whole, name="a", **storage).real_values(whole)


CUBE = np.array([-9999, 0, 1, 2, 3, 100, 200, 255], np.int16).reshape(2, 2, 2)


@pytest.mark.parametrize(
    ("attributes", "dtype", "expected"),
    [
        ({}, INT16, Packing()),
        ({"scale_factor": 0.5}, INT16, Packing(gain=0.5)),
        ({"scale_factor": np.float32(0.01)}, INT16, Packing(gain=0.01)),
        ({"scale_factor": np.array([0.5]), "_FillValue": -1}, INT16, Packing(0.5, missing=(-1,))),
        ({"_FillValue": -9999, "missing_value": [-9999]}, INT16, Packing(missing=(-9999,))),
        ({"Data_Ignore_Value": "-9999"}, INT16, Packing(missing=(-9999,))),
        ({"_FillValue": np.nan}, FLOAT32, Packing()),
        ({"_FillValue": -9999}, UINT8, Packing()),
        ({"_FillValue": 0.5}, INT16, Packing()),
        ({"valid_range": [0, 254]}, UINT8, Packing(missing=(255,))),
        ({"valid_range": [0, 254], "_FillValue": 255}, UINT8, Packing(missing=(255,))),
        ({"valid_min": 0, "valid_max": 300}, UINT8, Packing()),
        ({"scale_factor": "wrong", "valid_range": [3]}, INT16, Packing()),
        ({"scale_factor": np.nan, "add_offset": np.inf}, INT16, Packing()),
    ],
)
def test_packing_that_a_stack_can_tell_leaves_values_as_they_are(attributes, dtype, expected):
    packing = packing_of(attributes, dtype)
    assert packing == expected
    assert packing.is_simple


@pytest.mark.parametrize(
    "attributes",
    [
        {"add_offset": 2.0},
        {"scale_factor": -0.5},
        {"_FillValue": -9999, "missing_value": 3},
        {"valid_range": [0, 100]},
        {"_Unsigned": "true"},
    ],
)
def test_other_packing_gives_real_values(attributes):
    array, storage = unpacked(CUBE, packing_of(attributes, INT16))
    assert isinstance(array, Unpacked)
    assert not storage
    assert array.dtype == np.float32


def test_gain_and_offset_give_real_values_and_none_where_missing():
    expected = np.where(CUBE == -9999, np.nan, CUBE * 0.5 - 3.0)
    result = real(CUBE, scale_factor=0.5, add_offset=-3.0, _FillValue=np.int16(-9999))
    np.testing.assert_allclose(result, expected)


def test_values_out_of_the_valid_range_are_none():
    expected = np.where((CUBE < 1) | (CUBE > 100), np.nan, CUBE * 0.5)
    np.testing.assert_allclose(real(CUBE, scale_factor=0.5, valid_range=[1, 100]), expected)


@pytest.mark.parametrize(("scale", "ends"), [(0.5, [0.5, 50.0]), (-0.5, [-50.0, -0.5])])
def test_valid_range_of_floats_beside_packed_integers_is_that_of_real_values(scale, ends):
    expected = np.where((CUBE < 1) | (CUBE > 100), np.nan, CUBE * scale)
    result = real(CUBE, scale_factor=scale, valid_range=np.array(ends))
    np.testing.assert_allclose(result, expected)


@pytest.mark.parametrize("dtype", ["i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
def test_value_that_netcdf_fills_a_variable_with_is_none(dtype):
    unwritten = unwritten_value(np.dtype(dtype))
    values = np.array([1, unwritten], dtype).reshape(1, 1, 2)
    np.testing.assert_array_equal(real(values, _FillValue=unwritten), [[[1, np.nan]]])


def test_any_byte_or_text_may_have_been_written():
    assert [unwritten_value(np.dtype(dtype)) for dtype in ("i1", "u1", "?", "S4")] == [None] * 4


def test_floats_keep_their_precision():
    values = np.array([1.0, 2.0, 1e300, 4.0]).reshape(1, 2, 2)
    result = real(values, valid_max=10.0)
    np.testing.assert_array_equal(result, [[[1.0, 2.0], [np.nan, 4.0]]])


def test_large_integers_keep_their_digits():
    values = np.arange(8, dtype=np.int32).reshape(2, 2, 2) + 2**30
    np.testing.assert_array_equal(real(values, add_offset=0.5), values + 0.5)


def test_scaled_halves_may_be_larger_than_the_largest_half():
    values = np.full((1, 1, 2), 50, np.float16)
    result = real(values, scale_factor=1e4, add_offset=1.0)
    np.testing.assert_array_equal(result, [[[500001.0, 500001.0]]])


def test_largest_integer_of_64_bits_may_be_none():
    values = np.array([1, 2**64 - 1], np.uint64).reshape(1, 1, 2)
    result = real(values, _FillValue=np.uint64(2**64 - 1))
    np.testing.assert_array_equal(result, [[[1, np.nan]]])


def test_signed_bytes_may_stand_for_unsigned_ones():
    values = np.array([-1, 0, 127, -128], np.int8).reshape(1, 2, 2)
    result = real(values, _Unsigned="true", _FillValue=np.int8(-1))
    np.testing.assert_array_equal(result, [[[np.nan, 0], [127, 128]]])


def test_real_values_beyond_the_largest_float_are_infinite_without_a_warning():
    values = Unpacked(np.full((2, 2, 2), 10.0), Packing(gain=1e308, offset=1.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isinf(values[...]).all()
