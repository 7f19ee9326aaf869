from __future__ import annotations

import numpy as np
import pytest
from sharp_cases import FEATURES, background_of, stack_of

from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.measures import ACE, COSINE, EUCLIDEAN, PEARSON, SPECTRAL_ANGLE, UsedFeatures
from napari_ifealid.query import Query, Rule
from napari_ifealid.sharpening.sharp_query import SharpQuery
from napari_ifealid.sharpening.sharp_terms import FormTerms

USED = UsedFeatures(tuple(number not in (0, 2, 5) for number in range(FEATURES)))
NOTHING = np.full(FEATURES, np.nan)
ZERO = np.zeros(FEATURES)


def prepared(query: Query, kind: str = "double with NaN") -> tuple[SharpQuery, PixelVectors]:
    stack = stack_of(kind)
    pixels = PixelVectors.of(stack, query.measure.features)
    background = background_of(stack, query.measure)
    if background is not None:
        background = background.in_units_of(1.0 / pixels.unit)
    return SharpQuery.of(pixels, query, query.measure.kernel, background), pixels


def vectors(count: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, FEATURES))


def no_terms(shape: tuple[int, ...]) -> FormTerms:
    return FormTerms.empty(shape, is_shifted=True)


@pytest.mark.parametrize("used", [None, USED], ids=["all features", "some features"])
@pytest.mark.parametrize("kind", ["8 bit in a range", "signed with a gain and missing values"])
def test_products_are_those_with_unit_vectors(kind, used):
    query = Query.to(*vectors(3), measure=COSINE.over(used))
    sharp, pixels = prepared(query, kind)
    units = pixels.of_used(vectors(3))
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    expected = units @ pixels.in_engine_units(slice(None)).T
    expected[:, pixels.is_invalid] = 0.0
    np.testing.assert_allclose(sharp.products, expected, rtol=0, atol=1e-12)
    assert sharp.offsets.tolist() == [0.0] * 3


def test_mean_of_the_references_is_one_product():
    sharp, _ = prepared(Query.to(*vectors(3), rule=Rule.MEAN, measure=COSINE))
    alone, _ = prepared(Query.to(vectors(3).mean(axis=0), measure=COSINE))
    np.testing.assert_allclose(sharp.products, alone.products, rtol=1e-12)


@pytest.mark.parametrize("measure", [COSINE, PEARSON, EUCLIDEAN, ACE], ids=lambda one: one.name)
def test_references_that_are_not_finite_are_not_multiplied(measure):
    some, _ = prepared(Query.to(vectors(2)[0], NOTHING, measure=measure))
    alone, _ = prepared(Query.to(vectors(2)[0], measure=measure))
    np.testing.assert_array_equal(some.products, alone.products)
    assert not some.is_void
    nothing, _ = prepared(Query.to(NOTHING, measure=measure))
    assert nothing.is_void
    assert nothing.products.shape[0] == 0


@pytest.mark.parametrize("measure", [COSINE, PEARSON], ids=lambda one: one.name)
def test_zero_reference_is_told_and_not_multiplied(measure):
    sharp, _ = prepared(Query.to(ZERO, vectors(1)[0], measure=measure))
    assert sharp.has_zero
    assert len(sharp.products) == 1
    sharp, _ = prepared(Query.to(ZERO, measure=measure))
    assert sharp.has_zero
    assert not sharp.is_void
    assert len(sharp.products) == 0


@pytest.mark.parametrize("measure", [COSINE, SPECTRAL_ANGLE], ids=lambda one: one.name)
def test_cosines_become_values(measure):
    sharp, _ = prepared(Query.to(vectors(1)[0], measure=measure))
    cosines = np.array([1.0, 1.0 - 1e-13, 0.5, 0.0, -0.5, -1.0])
    values = sharp.values_of(cosines, no_terms(cosines.shape))
    expected = cosines
    if measure == SPECTRAL_ANGLE:
        expected = np.maximum(1 - np.arccos(cosines) / (np.pi / 2), 0)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-6)
    assert (values[:2] == 1.0).all()


def test_zero_reference_is_at_a_right_angle_to_what_is_opposite_to_the_others():
    sharp, _ = prepared(Query.to(ZERO, vectors(1)[0], measure=COSINE))
    cosines = np.array([0.5, -0.5])
    values = sharp.values_of(cosines, no_terms(cosines.shape))
    np.testing.assert_allclose(values, [0.5, 0.0], atol=1e-6)


def test_references_of_an_even_measure_are_multiplied_with_both_signs():
    sharp, _ = prepared(Query.to(*vectors(2), measure=ACE))
    np.testing.assert_allclose(sharp.products[2:], -sharp.products[:2], rtol=1e-9)
    np.testing.assert_array_equal(sharp.offsets[2:], -sharp.offsets[:2])


@pytest.mark.parametrize("apart", [0.0, 1e-16, -1e-16])
def test_forms_that_are_off_by_rounding_have_the_largest_limit(apart):
    sharp, _ = prepared(Query.to(vectors(1)[0], measure=PEARSON))
    terms = no_terms((2,))
    terms.factor[:], terms.lengths[:] = 1.0, 1.0
    values = sharp.values_of(np.array([1.0 + apart, 1.0 - 1e-6]), terms)
    assert values[0] == 1.0
    assert values[1] < 1.0
