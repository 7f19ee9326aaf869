"""How engines compute measures agrees with the definitions."""

from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.measures import MEASURES, Background, Divergence, Linear, Measure, UnitLength

OF_UNIT_LENGTH = [one for one in MEASURES if isinstance(one.kernel, UnitLength)]
LINEAR = [one for one in MEASURES if isinstance(one.kernel, Linear)]


@pytest.fixture(scope="module", params=OF_UNIT_LENGTH, ids=lambda measure: measure.name)
def measure(request) -> Measure:
    return request.param


@pytest.fixture(scope="module", params=LINEAR, ids=lambda measure: measure.name)
def linear(request) -> Measure:
    return request.param


def pairs(degrees: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return unit vectors at these angles to a reference, and the reference."""
    angles = np.deg2rad(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1), np.array([1.0, 0.0])


def test_values_from_cosines_are_those_of_the_definition(measure):
    degrees = np.linspace(1.2, 180, 300)  # nearer, float32 has lost the digits
    cosines = np.cos(np.deg2rad(degrees)).astype(np.float32)
    measure.kernel.from_cosines(cosines)
    np.testing.assert_allclose(cosines, measure.definition(*pairs(degrees)), atol=2e-6)


def test_cosines_are_turned_into_values_in_place(measure):
    cosines = np.array([0.5, -0.5, 0.0], np.float32)
    assert measure.kernel.from_cosines(cosines[:2]) is None
    expected = measure.definition(*pairs(np.array([60.0, 120.0])))
    np.testing.assert_allclose(cosines, [*expected, 0.0], atol=1e-6)


def test_cosines_beyond_one_by_rounding_are_taken_for_one(measure):
    cosines = np.array([1 + 1e-6, -1 - 1e-6], np.float32)
    measure.kernel.from_cosines(cosines)
    np.testing.assert_allclose(cosines, measure.limits[::-1], atol=1e-6)


def test_cosine_of_zero_is_the_value_zero(measure):
    cosines = np.zeros(1, np.float32)
    measure.kernel.from_cosines(cosines)
    assert cosines[0] == 0.0


def test_values_from_squared_chords_are_those_of_the_definition(measure):
    degrees = np.concatenate([np.logspace(-3, 0, 50), np.linspace(1, 180, 300)])
    squared = ((2 * np.sin(np.deg2rad(degrees) / 2)) ** 2).astype(np.float32)
    values = measure.kernel.from_squared_chords(squared)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, measure.definition(*pairs(degrees)), atol=5e-7)


@pytest.mark.parametrize("squared", [0.0, 1e-14, 9.9e-12])
def test_chord_that_is_rounding_only_gives_exactly_the_largest_value(measure, squared):
    values = measure.kernel.from_squared_chords(np.array([squared], np.float32))
    assert values[0] == measure.limits[1]


def test_largest_chord_stays_within_the_limits(measure):
    values = measure.kernel.from_squared_chords(np.array([4.0, 4.00001], np.float32))
    np.testing.assert_array_equal(values, measure.limits[0])


def test_squared_chords_are_left_alone(measure):
    squared = np.array([0.0, 1e-12, 1.0, 4.0], np.float32)
    measure.kernel.from_squared_chords(squared)
    np.testing.assert_array_equal(squared, np.array([0.0, 1e-12, 1.0, 4.0], np.float32))


VECTORS = np.random.default_rng(0).normal(size=(60, 7)) + 0.3
REFERENCES = np.concatenate([VECTORS[:3], np.random.default_rng(1).normal(size=(4, 7))])


def test_linear_forms_give_the_values_of_the_definition(linear):
    kernel, background = linear.kernel, Background.of(VECTORS).in_units_of(1.0)
    pixel = kernel.pixel_terms(VECTORS, background)
    reference = kernel.reference_terms(REFERENCES, background)
    products = reference.vectors @ VECTORS.T + reference.offsets[:, np.newaxis]
    values = kernel.from_forms(products * pixel.factor + pixel.shift)
    expected = [linear.values(VECTORS, one, background) for one in REFERENCES]
    np.testing.assert_allclose(values, expected, atol=1e-7)
    assert not pixel.is_zero.any()
    assert not reference.is_zero.any()


def test_form_of_the_reference_itself_is_known(linear):
    kernel, background = linear.kernel, Background.of(VECTORS).in_units_of(1.0)
    pixel = kernel.pixel_terms(VECTORS[:1], background)
    reference = kernel.reference_terms(VECTORS[:1], background)
    product = reference.vectors[0] @ VECTORS[0] + reference.offsets[0]
    assert product * pixel.factor + pixel.shift == pytest.approx(kernel.identical, abs=1e-12)
    assert kernel.from_forms(np.array([kernel.identical])) == linear.limits[1]


def test_largest_product_has_the_largest_value(linear):
    kernel, background = linear.kernel, Background.of(VECTORS).in_units_of(1.0)
    pixel = kernel.pixel_terms(VECTORS, background)
    products = np.linspace(0, 1, 9)[:, np.newaxis]
    forms = products * pixel.factor + pixel.shift
    assert (np.diff(kernel.from_forms(forms), axis=0) >= 0).all()


def test_opposite_forms_are_alike_where_the_measure_says_so(linear):
    forms = np.linspace(-1, 1, 9)
    values = linear.kernel.from_forms(forms)
    assert np.array_equal(values, values[::-1]) == linear.kernel.is_even


def test_terms_of_rows_are_those_of_the_pixels(linear):
    background = Background.of(VECTORS).in_units_of(1.0)
    terms = linear.kernel.pixel_terms(VECTORS, background)
    some = terms.of_rows(np.array([4, 2]))
    np.testing.assert_array_equal(some.factor, terms.factor[[4, 2]])
    np.testing.assert_array_equal(some.shift, terms.shift[[4, 2]])
    np.testing.assert_array_equal(some.is_zero, terms.is_zero[[4, 2]])


def test_values_of_divergences_fall_from_one():
    (kernel,) = [one.kernel for one in MEASURES if isinstance(one.kernel, Divergence)]
    values = kernel.from_divergences(np.array([0.0, -1e-9, 1.0, 3.0], np.float32))
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, [1, 1, 0.5, 0.25])
