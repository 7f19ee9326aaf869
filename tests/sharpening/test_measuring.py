from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sharp_cases import (
    FEATURES,
    ORDERS,
    STORED,
    WAYS,
    any_weights,
    background_of,
    sharp_of,
    stack_of,
    summing,
    upsampled,
)

from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.measures import ACE, COSINE, EUCLIDEAN, PEARSON, UsedFeatures
from napari_ifealid.sharpening import measuring
from napari_ifealid.sharpening.measuring import measuring_steps, step_count
from napari_ifealid.sharpening.sharp_terms import FormTerms
from napari_ifealid.stack import FeatureStack

USED = UsedFeatures(tuple(number not in (0, 2, 5) for number in range(FEATURES)))
with_both_ways = pytest.mark.parametrize("way", WAYS)


def terms_of(weights, pixels, measure) -> FormTerms:
    background = background_of(pixels.stack, measure.over(pixels.used))
    if background is not None:
        background = background.in_units_of(1.0 / pixels.unit)
    terms = FormTerms.empty(weights.image_shape, is_shifted=measure is not COSINE)
    for _ in measuring_steps(terms, weights, pixels, measure.kernel, background):
        pass
    return terms


@with_both_ways
@pytest.mark.parametrize("used", [None, USED], ids=["all features", "some features"])
@pytest.mark.parametrize("kind", STORED)
def test_factors_of_unit_vectors_are_the_inverse_lengths(kind, used, way):
    stack = stack_of(kind)
    sharp, pixels = sharp_of(stack)
    pixels = PixelVectors.of(stack, used)
    with summing(way):
        terms = terms_of(sharp.weights, pixels, COSINE)
    vectors = pixels.of_used(upsampled(stack, sharp.weights, used)) * pixels.unit
    lengths = np.linalg.norm(vectors, axis=-1)
    np.testing.assert_array_equal(terms.is_invalid, np.isnan(lengths))
    np.testing.assert_array_equal(terms.is_zero, lengths == 0.0)
    is_plain = ~terms.is_invalid & ~terms.is_zero
    assert terms.is_zero.any()
    assert not terms.factor[~is_plain].any()
    np.testing.assert_allclose(terms.factor[is_plain], 1.0 / lengths[is_plain], rtol=1e-12)


@with_both_ways
@given(weights=any_weights(), features=st.integers(1, 40), dtype=st.sampled_from(["u1", "f8"]))
def test_lengths_of_any_weights_are_those_of_the_upsampled_vectors(way, weights, features, dtype):
    values = np.random.default_rng(0).integers(0, 99, (weights.stack_pixels, 1, features))
    stack = FeatureStack(values=values.astype(dtype), name="x")
    pixels = PixelVectors.of(stack)
    with summing(way):
        terms = terms_of(weights, pixels, COSINE)
    lengths = np.linalg.norm(upsampled(stack, weights) * pixels.unit, axis=-1)
    np.testing.assert_array_equal(terms.is_invalid, np.isnan(lengths))
    with np.errstate(divide="ignore"):
        expected = np.where(lengths > 0.0, 1.0 / lengths, 0.0)
    np.testing.assert_allclose(terms.factor, expected, rtol=1e-12)


@with_both_ways
@pytest.mark.parametrize("used", [None, USED], ids=["all features", "some features"])
@pytest.mark.parametrize("order", ORDERS)
def test_lengths_do_not_depend_on_the_order_in_memory(order, used, way):
    sharp, _ = sharp_of(stack_of("float with NaN"))
    with summing(way):
        expected = terms_of(sharp.weights, PixelVectors.of(sharp.stack, used), COSINE)
        pixels = PixelVectors.of(stack_of("float with NaN", order), used)
        terms = terms_of(sharp.weights, pixels, COSINE)
    np.testing.assert_allclose(terms.factor, expected.factor, rtol=1e-13)


@with_both_ways
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("measure", [PEARSON, EUCLIDEAN, ACE], ids=lambda one: one.name)
def test_terms_of_linear_forms_are_those_of_the_upsampled_vectors(measure, order, way):
    stack = stack_of("double with NaN", order)
    sharp, pixels = sharp_of(stack)
    with summing(way):
        terms = terms_of(sharp.weights, pixels, measure).flat
    vectors = (upsampled(stack, sharp.weights) * pixels.unit).reshape(-1, FEATURES)
    is_known = np.isfinite(vectors).all(axis=1)
    background = background_of(stack, measure)
    if background is not None:
        background = background.in_units_of(1.0 / pixels.unit)
    expected = measure.kernel.pixel_terms(vectors[is_known], background)
    np.testing.assert_array_equal(terms.is_invalid, ~is_known)
    np.testing.assert_array_equal(terms.is_zero[is_known], expected.is_zero)
    np.testing.assert_allclose(terms.factor[is_known], expected.factor, rtol=1e-9)
    np.testing.assert_allclose(terms.shift[is_known], expected.shift, rtol=1e-9)
    lengths = np.linalg.norm(vectors[is_known], axis=1)
    np.testing.assert_allclose(terms.lengths[is_known], lengths, rtol=1e-12)
    assert not terms.factor[~is_known].any()
    assert not terms.shift[~is_known].any()


@with_both_ways
@pytest.mark.parametrize("measure", [COSINE, EUCLIDEAN], ids=lambda one: one.name)
def test_blocks_do_not_change_the_terms(monkeypatch, measure, way):
    sharp, pixels = sharp_of(stack_of())
    with summing(way):
        whole = terms_of(sharp.weights, pixels, measure)
        monkeypatch.setattr(measuring, "_BLOCK", 40 * FEATURES)
        monkeypatch.setattr(measuring, "_BLOCKS_IN_A_STEP", 2)
        parts = terms_of(sharp.weights, pixels, measure)
    np.testing.assert_array_equal(parts.is_invalid, whole.is_invalid)
    np.testing.assert_array_equal(parts.is_zero, whole.is_zero)
    np.testing.assert_allclose(parts.factor, whole.factor, rtol=1e-13)
    np.testing.assert_allclose(parts.shift, whole.shift, rtol=1e-13)


@pytest.mark.parametrize("block", [FEATURES, 40 * FEATURES, 1 << 18])
def test_there_are_as_many_steps_as_were_told(monkeypatch, block):
    sharp, pixels = sharp_of(stack_of())
    monkeypatch.setattr(measuring, "_BLOCK", block)
    terms = FormTerms.empty(sharp.weights.image_shape, is_shifted=False)
    steps = list(measuring_steps(terms, sharp.weights, pixels, COSINE.kernel, None))
    assert len(steps) == step_count(sharp.weights, FEATURES)


def test_pixels_that_take_from_one_without_a_vector_have_none():
    # weights made where it was known, such as with other features used
    stack = stack_of("16 bit")
    sharp, _ = sharp_of(stack)
    values = stack.values.astype(np.float64)
    values[4, 7, 1] = np.nan
    pixels = PixelVectors.of(FeatureStack(values=values, name="x"))
    terms = terms_of(sharp.weights, pixels, COSINE)
    takes = (sharp.weights.columns == 4 * 10 + 7) & (sharp.weights.values > 0)
    np.testing.assert_array_equal(terms.is_invalid, takes.any(axis=-1))
