"""What every measure promises."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.measures import COSINE, MEASURES, SPECTRAL_ANGLE, Measure

SEEDS = st.integers(0, 2**32 - 1)
NOT_FINITE = [np.nan, np.inf, -np.inf]


@pytest.fixture(scope="module", params=MEASURES, ids=lambda measure: measure.name)
def measure(request) -> Measure:
    return request.param


def test_spectral_angle_is_the_default():
    assert MEASURES[0] is SPECTRAL_ANGLE


def test_names_tell_measures_apart(measure):
    assert [one.name for one in MEASURES].count(measure.name) == 1


def test_measures_of_the_same_name_are_equal(measure):
    other = replace(measure, limits=(-9.0, 9.0))
    assert other == measure
    assert hash(other) == hash(measure)


def test_measures_of_different_names_are_not_equal():
    assert SPECTRAL_ANGLE != COSINE
    assert SPECTRAL_ANGLE != "spectral angle"
    assert len({SPECTRAL_ANGLE, COSINE}) == 2


def test_measure_can_not_be_changed(measure):
    with pytest.raises(FrozenInstanceError):
        measure.name = "another"


@given(SEEDS, st.integers(1, 300), st.floats(1e-6, 1e6))
def test_any_multiple_of_the_reference_has_exactly_the_largest_value(
    measure, seed, features, factor
):
    reference = np.random.default_rng(seed).normal(size=features)
    assert measure.definition(factor * reference, reference) == measure.limits[1]


def test_smallest_value_is_that_of_the_opposite(measure):
    vector = np.array([3.0, -4.0])
    assert measure.definition(-vector, vector) == pytest.approx(measure.limits[0])


@given(SEEDS, st.integers(1, 9))
def test_values_lie_within_the_limits(measure, seed, features):
    rng = np.random.default_rng(seed)
    values = measure.definition(rng.normal(size=(50, features)), rng.normal(size=features))
    assert values.dtype == np.float64
    assert values.min() >= measure.limits[0]
    assert values.max() <= measure.limits[1]


@given(SEEDS)
def test_value_is_the_same_both_ways(measure, seed):
    one, other = np.random.default_rng(seed).normal(size=(2, 5))
    assert measure.definition(one, other) == measure.definition(other, one)


def test_zero_vector_has_zero_to_everything_else(measure):
    np.testing.assert_array_equal(measure.definition(np.zeros((2, 3)), np.ones(3)), [0, 0])


def test_zero_reference_has_one_to_zero_vectors_and_zero_to_all_others(measure):
    vectors = np.array([[0, 0], [1, 0], [0, 0], [-2, 3]])
    np.testing.assert_array_equal(measure.definition(vectors, np.zeros(2)), [1, 0, 1, 0])


@pytest.mark.parametrize("bad", NOT_FINITE)
@pytest.mark.parametrize("reference", [[1.0, 2.0], [0.0, 0.0]])
def test_vector_that_is_not_finite_has_nan(measure, bad, reference):
    vectors = np.array([[bad, 1.0], [1.0, 1.0], [bad, 0.0]])
    values = measure.definition(vectors, np.array(reference))
    np.testing.assert_array_equal(np.isnan(values), [True, False, True])


@pytest.mark.parametrize("bad", NOT_FINITE)
def test_reference_that_is_not_finite_has_nan_to_everything(measure, bad):
    vectors = np.array([[0.0, 0.0], [1.0, 1.0], [bad, 1.0]])
    assert np.isnan(measure.definition(vectors, np.array([bad, 1.0]))).all()


@given(st.lists(st.integers(1, 4), max_size=4).map(tuple), st.integers(1, 6))
def test_map_has_the_shape_of_the_space(measure, space, features):
    assert measure.definition(np.ones((*space, features)), np.ones(features)).shape == space


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.int64, np.uint64, np.float16])
def test_every_type_of_number_is_taken_at_its_value(measure, dtype):
    vectors = np.array([[1, 1], [1, 0], [0, 0]])
    actual = measure.definition(vectors.astype(dtype), np.array([1, 0], dtype))
    np.testing.assert_array_equal(actual, measure.definition(vectors * 1.0, np.array([1.0, 0.0])))


def test_contributions_tell_which_features_two_vectors_share(measure):
    contributions = measure.contributions(np.array([4.0, 1.0, 0.0]), np.array([4.0, 1.0, 9.0]))
    assert contributions.shape == (3,)
    assert contributions[0] > contributions[1] > contributions[2] == 0


def pairs(degrees: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return unit vectors at these angles to a reference, and the reference."""
    angles = np.deg2rad(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1), np.array([1.0, 0.0])


def test_values_from_cosines_are_those_of_the_definition(measure):
    degrees = np.linspace(1.2, 180, 300)  # nearer, float32 has lost the digits
    cosines = np.cos(np.deg2rad(degrees)).astype(np.float32)
    measure.from_cosines(cosines)
    np.testing.assert_allclose(cosines, measure.definition(*pairs(degrees)), atol=2e-6)


def test_cosines_are_turned_into_values_in_place(measure):
    cosines = np.array([0.5, -0.5, 0.0], np.float32)
    assert measure.from_cosines(cosines[:2]) is None
    expected = measure.definition(*pairs(np.array([60.0, 120.0])))
    np.testing.assert_allclose(cosines, [*expected, 0.0], atol=1e-6)


def test_cosines_beyond_one_by_rounding_are_taken_for_one(measure):
    cosines = np.array([1 + 1e-6, -1 - 1e-6], np.float32)
    measure.from_cosines(cosines)
    np.testing.assert_allclose(cosines, measure.limits[::-1], atol=1e-6)


def test_cosine_of_zero_is_the_value_zero(measure):
    cosines = np.zeros(1, np.float32)
    measure.from_cosines(cosines)
    assert cosines[0] == 0.0


def test_values_from_squared_chords_are_those_of_the_definition(measure):
    degrees = np.concatenate([np.logspace(-3, 0, 50), np.linspace(1, 180, 300)])
    squared = ((2 * np.sin(np.deg2rad(degrees) / 2)) ** 2).astype(np.float32)
    values = measure.from_squared_chords(squared)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, measure.definition(*pairs(degrees)), atol=5e-7)


@pytest.mark.parametrize("squared", [0.0, 1e-14, 9.9e-12])
def test_chord_that_is_rounding_only_gives_exactly_the_largest_value(measure, squared):
    values = measure.from_squared_chords(np.array([squared], np.float32))
    assert values[0] == measure.limits[1]


def test_largest_chord_stays_within_the_limits(measure):
    values = measure.from_squared_chords(np.array([4.0, 4.00001], np.float32))
    np.testing.assert_array_equal(values, measure.limits[0])


def test_squared_chords_are_left_alone(measure):
    squared = np.array([0.0, 1e-12, 1.0, 4.0], np.float32)
    measure.from_squared_chords(squared)
    np.testing.assert_array_equal(squared, np.array([0.0, 1e-12, 1.0, 4.0], np.float32))
