from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sharp_cases import FEATURES, ORDERS, STORED, WAYS, stack_of, summing

from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.sharpening.stack_products import stack_products
from napari_ifealid.stack import FeatureStack

with_both_ways = pytest.mark.parametrize("way", WAYS)
USED = UsedFeatures(tuple(number not in (0, 2, 5) for number in range(FEATURES)))


def assert_products_are_those_of_float64(pixels: PixelVectors, vectors: np.ndarray) -> None:
    products = stack_products(pixels, vectors)
    units = pixels.in_engine_units(slice(None))
    units[pixels.is_invalid] = 0.0
    sizes = np.abs(vectors) @ np.abs(units).T + 1e-300
    # with a range, stored values are scaled once with the reference and once one by one
    rounding = 1e-13 if pixels.shift == 0.0 else 1e-12
    assert products.shape == (len(vectors), pixels.pixel_count)
    assert (np.abs(products - vectors @ units.T) <= rounding * (sizes + 1.0)).all()


@with_both_ways
@pytest.mark.parametrize("used", [None, USED], ids=["all features", "some features"])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", STORED)
def test_products_of_all_kinds_of_stacks_are_in_engine_units(kind, order, used, way):
    pixels = PixelVectors.of(stack_of(kind, order), used)
    vectors = np.random.default_rng(1).normal(size=(3, pixels.feature_count))
    with summing(way):
        assert_products_are_those_of_float64(pixels, vectors)


@with_both_ways
@given(
    space=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    features=st.integers(1, 70),
    count=st.integers(0, 4),
    dtype=st.sampled_from(
        ["bool", "uint8", "int8", "uint16", "int16", "int32", "float32", "float64"]
    ),
)
def test_products_of_any_shape_are_those_of_float64(way, space, features, count, dtype):
    rng = np.random.default_rng(0)
    values = rng.integers(0, 100, (*space, features)).astype(dtype)
    pixels = PixelVectors.of(FeatureStack(values=values, name="x"))
    with summing(way):
        assert_products_are_those_of_float64(pixels, rng.normal(size=(count, features)))


@with_both_ways
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_pixels_that_are_not_finite_have_zero(way, bad):
    values = np.ones((3, 4, 5), np.float32)
    values[1, 2, 3] = bad
    pixels = PixelVectors.of(FeatureStack(values=values, name="x"))
    with summing(way):
        products = stack_products(pixels, np.ones((2, 5)))
    expected = np.full((3, 4), 5.0)
    expected[1, 2] = 0.0
    np.testing.assert_array_equal(products.reshape(2, 3, 4), [expected, expected])


@with_both_ways
def test_nan_where_nothing_is_used_spoils_no_product(way):
    values = np.ones((3, 4, FEATURES), np.float32)
    values[1, 2, 5], values[0, 0, 2] = np.nan, np.inf
    pixels = PixelVectors.of(FeatureStack(values=values, name="x"), USED)
    with summing(way):
        products = stack_products(pixels, np.ones((1, 4)))
    np.testing.assert_array_equal(products, np.full((1, 12), 4.0))
