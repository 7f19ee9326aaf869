from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.engines.pixel_vectors import PixelVectors, spread, unit_rows
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.stack import FeatureStack

CUBE = np.arange(1.0, 121.0).reshape(4, 5, 6)


def pixels_of(values: np.ndarray, **arguments) -> PixelVectors:
    return PixelVectors.of(FeatureStack(values=values, name="x", **arguments))


@pytest.mark.parametrize(
    "values",
    [CUBE, np.moveaxis(CUBE, -1, 0), np.arange(120.0).reshape(2, 3, 4, 5), CUBE.T],
    ids=["features last", "features first", "volume", "reversed axes"],
)
def test_vectors_are_flat_in_the_order_of_the_map(values):
    stored = pixels_of(values).stored
    np.testing.assert_array_equal(stored, [values[i] for i in np.ndindex(values.shape[:-1])])


@pytest.mark.parametrize(
    "values",
    [CUBE, np.moveaxis(np.moveaxis(CUBE, -1, 0).copy(), 0, -1)],
    ids=["features last", "features first"],
)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_features_first_or_last_in_memory_are_not_copied(values, dtype):
    values = values.astype(dtype)
    assert np.shares_memory(pixels_of(values).stored, values)


def test_memory_mapped_values_stay_in_their_file(tmp_path):
    np.save(tmp_path / "cube.npy", CUBE)
    stored = pixels_of(np.load(tmp_path / "cube.npy", mmap_mode="r")).stored
    assert isinstance(stored, np.memmap)


@given(
    dtype=st.sampled_from([np.uint8, np.int16, np.uint32, np.int64, np.float16, np.float64]),
    seed=st.integers(0, 2**32 - 1),
    value_range=st.sampled_from([None, (0.0, 3.0), (-3.0, 2.0), (1e-9, 1e9), (-9e200, -1e200)]),
)
def test_engine_units_are_a_multiple_of_the_real_values(dtype, seed, value_range):
    values = (np.random.default_rng(seed).random((3, 4, 5)) * 100).astype(dtype)
    if values.dtype.kind != "u":
        value_range = None
    stack = FeatureStack(values=values, name="x", value_range=value_range)
    pixels = PixelVectors.of(stack)
    engine_units = pixels.stored.astype(np.float64) * pixels.factor + pixels.shift
    real = stack.real_values(pixels.stored)
    multiple = np.abs(engine_units).max() / np.abs(real).max()
    np.testing.assert_allclose(engine_units, real * multiple, rtol=1e-9, atol=1e-12 * multiple)


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1.0, 1e30, 1e300])
def test_lengths_are_those_in_engine_units(scale):
    pixels = pixels_of(CUBE * scale)
    lengths = np.linalg.norm(pixels.stored * pixels.factor, axis=-1)
    np.testing.assert_allclose(pixels.inverse_lengths, 1 / lengths, rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1e30, 1e300])
def test_squares_in_engine_units_fit_float32(scale):
    pixels = pixels_of(CUBE * scale)
    squares = (pixels.stored * pixels.factor).astype(np.float32) ** 2
    assert np.isfinite(squares.sum(axis=-1)).all()
    assert squares.min() > 0


@pytest.mark.parametrize(
    ("pixel", "features", "expected"),
    [((1, 2), 3, True), ((1, 2), slice(None), False), ((1, 2), slice(0, 4), False)],
    ids=["unused one", "all", "used ones and the unused one"],
)
def test_products_are_spoilt_where_only_features_that_are_not_used_are_nan(
    pixel, features, expected
):
    values = CUBE.copy()
    values[pixel][features] = np.nan
    used = UsedFeatures(tuple(number != 3 for number in range(6)))
    pixels = PixelVectors.of(FeatureStack(values=values, name="x"), used)
    assert pixels.spoils_products is expected


def test_ordinary_floats_are_not_scaled():
    pixels = pixels_of(CUBE)
    assert (pixels.factor, pixels.shift) == (1.0, 0.0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_pixels_that_are_not_finite_are_invalid_and_have_no_length(bad):
    values = CUBE.copy()
    values[1, 2, 3] = bad
    pixels = pixels_of(values)
    assert np.flatnonzero(pixels.is_invalid).tolist() == [7]
    assert np.flatnonzero(pixels.inverse_lengths == 0).tolist() == [7]
    assert not pixels.is_zero.any()


def test_zero_pixels_have_no_length():
    values = CUBE.copy()
    values[1, 2] = 0
    pixels = pixels_of(values)
    assert np.flatnonzero(pixels.is_zero).tolist() == [7]
    assert np.flatnonzero(pixels.inverse_lengths == 0).tolist() == [7]
    assert not pixels.is_invalid.any()


def test_stored_zeros_are_no_zero_pixels_where_the_range_puts_zero_elsewhere():
    values = np.array([[[0, 0], [153, 153]]], np.uint8)
    assert pixels_of(values, value_range=(-3.0, 2.0)).is_zero.tolist() == [False, True]


@pytest.mark.parametrize("shape", [(3, 4, 5), (700, 900, 2), (1, 2, 300_000)])
def test_blocks_cover_every_pixel_once_in_order(shape):
    pixels = pixels_of(np.zeros(shape, np.uint8))
    covered = [row for rows in pixels.blocks() for row in range(rows.start, rows.stop)]
    assert covered == list(range(shape[0] * shape[1]))


def test_blocks_of_a_large_stack_are_small():
    pixels = pixels_of(np.zeros((700, 900, 8), np.uint8))
    assert all((rows.stop - rows.start) * 8 <= 1 << 18 for rows in pixels.blocks())


@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1.0, 1e200, 1e307])
def test_unit_rows_have_length_one_whatever_the_scale(scale):
    units = unit_rows(np.array([[3.0, -4.0], [0.0, 5.0]]) * scale)
    assert units.dtype == np.float32
    np.testing.assert_allclose(units, [[0.6, -0.8], [0, 1]], rtol=1e-3 if scale < 1e-300 else 1e-6)


def test_no_rows_have_no_unit_rows():
    assert unit_rows(np.empty((0, 5))).shape == (0, 5)


SCALED = [
    {"dtype": np.uint8},
    {"dtype": np.uint16, "value_range": (0.0, 3.0)},
    {"dtype": np.uint8, "value_range": (-3.0, 2.0)},
    {"dtype": np.int16},
    {"dtype": np.float32},
    {"dtype": np.float64, "scale": 1e200},
]


@pytest.mark.parametrize("kind", SCALED, ids=str)
@pytest.mark.parametrize("rows", [slice(3, 9), np.array([7, 1, 1, 19])], ids=["slice", "numbers"])
def test_rows_as_float32_times_the_scale_are_in_engine_units(kind, rows):
    values = (CUBE * kind.get("scale", 1)).astype(kind["dtype"])
    pixels = pixels_of(values, value_range=kind.get("value_range"))
    floats = pixels.as_float32(rows)
    assert floats.dtype == np.float32
    expected = pixels.stored[rows] * pixels.factor + pixels.shift
    np.testing.assert_allclose(floats * pixels.scale, expected, rtol=1e-6)


@pytest.mark.parametrize("kind", SCALED, ids=str)
def test_unit_vectors_have_length_one(kind):
    values = (CUBE * kind.get("scale", 1)).astype(kind["dtype"])
    pixels = pixels_of(values, value_range=kind.get("value_range"))
    units = pixels.as_float32(slice(0, 20)) * (pixels.inverse_lengths * pixels.scale)[:, None]
    np.testing.assert_allclose(np.linalg.norm(units, axis=1), 1.0, rtol=1e-6)


def test_taken_vectors_are_those_of_their_pixels():
    values = CUBE.copy()
    values[1, 2, 3] = np.nan
    values[0, 1] = 0
    pixels = pixels_of(values)
    rows = np.array([7, 0, 1, 19])
    taken = pixels.taken(rows)
    np.testing.assert_array_equal(taken.stored, pixels.stored[rows])
    np.testing.assert_array_equal(taken.inverse_lengths, pixels.inverse_lengths[rows])
    assert taken.is_invalid.tolist() == [True, False, False, False]
    assert taken.is_zero.tolist() == [False, False, True, False]
    assert (taken.factor, taken.shift) == (pixels.factor, pixels.shift)
    assert taken.stack.spatial_shape == (1, 4)
    np.testing.assert_array_equal(taken.stack.vector((0, 1)), values[0, 0])


def test_taken_vectors_are_a_copy():
    values = CUBE.copy()
    taken = pixels_of(values).taken(np.array([0, 1]))
    values[:] = 0
    np.testing.assert_array_equal(taken.stored, CUBE[0, :2])


@given(start=st.integers(0, 10**6), length=st.integers(1, 10**6), count=st.integers(1, 100))
def test_spread_pixels_are_different_ones_from_the_first_to_the_last(start, length, count):
    numbers = spread(slice(start, start + length), count)
    assert len(numbers) <= count
    assert (np.diff(numbers) > 0).all()
    assert numbers[0] == start
    assert numbers[-1] == start + length - 1 or count == 1
    gaps = np.diff(numbers)
    assert len(gaps) == 0 or gaps.max() - gaps.min() <= 1
