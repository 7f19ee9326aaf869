from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sharp_cases import (
    FEATURES,
    IMAGE_SHAPE,
    ORDERS,
    STORED,
    any_weights,
    laid_out,
    sharp_of,
    stack_of,
    upsampled,
)

from napari_ifealid.measures import UsedFeatures
from napari_ifealid.sharpening import SharpPixels
from napari_ifealid.stack import FeatureStack

COUNT = IMAGE_SHAPE[0] * IMAGE_SHAPE[1]


def assert_close(actual: np.ndarray, expected: np.ndarray) -> None:
    largest = np.nanmax(np.abs(expected), initial=0.0)
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-13 * largest)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", STORED)
def test_vectors_are_rows_of_the_upsampled_features(kind, order):
    stack = stack_of(kind, order)
    sharp, _ = sharp_of(stack)
    expected = upsampled(stack, sharp.weights)
    vectors = np.array([sharp.vector(pixel) for pixel in np.ndindex(IMAGE_SHAPE)])
    assert vectors.dtype == np.float64
    assert_close(vectors, expected.reshape(-1, FEATURES))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", STORED)
def test_blocks_are_rows_of_the_upsampled_features(monkeypatch, kind, order):
    monkeypatch.setattr("napari_ifealid.sharpening.sharp_pixels._BLOCK", 50 * FEATURES)
    stack = stack_of(kind, order)
    sharp, _ = sharp_of(stack)
    expected = upsampled(stack, sharp.weights).reshape(-1, FEATURES)
    numbers = np.random.default_rng(0).choice(COUNT, 333, replace=False)
    blocks = list(sharp.blocks(np.sort(numbers)))
    assert max(map(len, blocks)) == 50
    assert_close(np.concatenate(blocks), expected[np.sort(numbers)])


@given(any_weights(), st.integers(1, 9))
def test_vectors_of_any_weights_are_those_of_the_matrix(weights, features):
    values = np.random.default_rng(1).normal(size=(weights.stack_pixels, 1, features))
    sharp = SharpPixels(FeatureStack(values=values, name="x"), weights)
    expected = upsampled(sharp.stack, weights)
    for pixel in np.ndindex(weights.image_shape):
        assert_close(sharp.vector(pixel), expected[pixel])
    (block,) = sharp.blocks(np.arange(weights.is_void.size))
    assert_close(block, expected.reshape(-1, features))


def test_region_has_the_mean_and_the_deviation_of_its_known_pixels():
    stack = stack_of("double with NaN")
    sharp, _ = sharp_of(stack)
    vectors = upsampled(stack, sharp.weights).reshape(-1, FEATURES)
    numbers = np.flatnonzero(np.random.default_rng(2).random(COUNT) < 0.5)
    known = vectors[numbers][np.isfinite(vectors[numbers]).all(axis=1)]
    region = sharp.region_vector(numbers)
    assert (region.count, region.left_out) == (len(known), len(numbers) - len(known))
    assert region.left_out > 0
    np.testing.assert_allclose(region.mean, known.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(region.deviation, known.std(axis=0), rtol=1e-9)


def test_region_may_lack_features_that_are_not_used():
    used = UsedFeatures(tuple(number != 2 for number in range(FEATURES)))
    stack = stack_of("double with NaN")
    sharp, _ = sharp_of(stack, used=used)
    region = sharp.region_vector(np.arange(COUNT), used)
    assert (region.count, region.left_out) == (COUNT, 0)
    np.testing.assert_array_equal(np.isnan(region.mean), ~np.array(used.is_used))


def test_region_without_any_vector_has_none():
    sharp, _ = sharp_of(stack_of("double with NaN"))
    void = np.flatnonzero(sharp.weights.is_void)
    region = sharp.region_vector(void)
    assert (region.count, region.left_out) == (0, len(void))
    assert np.isnan(region.mean).all()


@pytest.mark.parametrize("order", ORDERS)
def test_vector_is_read_without_a_copy_of_the_stack(order):
    values = np.zeros((300, 200, 64), np.uint8)
    overlay = np.zeros((600, 400, 3), np.uint8)
    sharp, _ = sharp_of(FeatureStack(values=values, name="x", overlay=overlay))
    sharp = SharpPixels(
        FeatureStack(values=laid_out(values, order), name="x", overlay=overlay), sharp.weights
    )
    tracemalloc.start()
    try:
        sharp.vector((300, 200))
        assert tracemalloc.get_traced_memory()[1] < values.nbytes / 100
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("order", ORDERS)
def test_narrow_region_is_read_without_a_copy_of_the_stack(order):
    values = np.zeros((300, 200, 64), np.uint8)
    overlay = np.zeros((600, 400, 3), np.uint8)
    sharp, _ = sharp_of(FeatureStack(values=values, name="x", overlay=overlay))
    sharp = SharpPixels(
        FeatureStack(values=laid_out(values, order), name="x", overlay=overlay), sharp.weights
    )
    column = np.arange(600) * 400 + 7
    sharp.weights.is_void  # noqa: B018
    tracemalloc.start()
    try:
        sharp.region_vector(column)
        assert tracemalloc.get_traced_memory()[1] < values.nbytes
    finally:
        tracemalloc.stop()
