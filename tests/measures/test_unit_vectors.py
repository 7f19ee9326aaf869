from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.measures.unit_vectors import (
    SAME,
    SAME_SQUARED,
    compared_by_chord,
    cosine_contributions,
    cosines,
    cosines_of_squared_chords,
    unit_vectors,
)

NOT_FINITE = [np.nan, np.inf, -np.inf]


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 40),
    st.sampled_from([1e-310, 1e-200, 1, 1e200, 1e307]),
)
def test_unit_vectors_have_length_one_and_the_same_direction(seed, features, scale):
    vectors = np.random.default_rng(seed).normal(size=(3, 4, features)) * scale
    units = unit_vectors(vectors)
    np.testing.assert_allclose(np.linalg.norm(units, axis=-1), 1.0, rtol=1e-14)
    lengths = np.linalg.norm(vectors / scale, axis=-1, keepdims=True)
    tolerance = 1e-13 if scale > 1e-300 else 1e-12  # subnormal numbers have fewer digits
    np.testing.assert_allclose(units, vectors / scale / lengths, atol=tolerance)


def test_zero_vectors_stay_zero():
    np.testing.assert_array_equal(unit_vectors(np.zeros((2, 3))), np.zeros((2, 3)))


@pytest.mark.parametrize("bad", NOT_FINITE)
def test_vectors_that_are_not_finite_become_nan(bad):
    units = unit_vectors(np.array([[1.0, bad], [3.0, 4.0]]))
    assert np.isnan(units[0]).any()
    np.testing.assert_allclose(units[1], [0.6, 0.8])


def test_smallest_integer_is_not_taken_for_zero_or_positive():
    np.testing.assert_array_equal(unit_vectors(np.array([-128, 0], np.int8)), [-1.0, 0.0])


@pytest.mark.parametrize("degrees", [0, 1e-6, 1, 60, 90, 135, 180])
def test_chord_is_twice_the_sine_of_half_the_angle(degrees):
    angle = np.deg2rad(degrees)
    chords, one_is_zero = compared_by_chord(
        5 * np.array([[np.cos(angle), np.sin(angle)]]), np.array([3.0, 0.0])
    )
    assert chords[0] == pytest.approx(2 * np.sin(angle / 2), rel=1e-8)
    assert not one_is_zero[0]


@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.floats(1e-6, 1e6))
def test_chord_of_multiples_is_exactly_zero(seed, features, factor):
    reference = np.random.default_rng(seed).normal(size=features)
    chord, _ = compared_by_chord(factor * reference, reference)
    assert chord == 0.0


def test_chord_of_what_differs_by_more_than_rounding_is_not_zero():
    chord, _ = compared_by_chord(np.array([1.0, 2 * SAME]), np.array([1.0, 0.0]))
    assert chord == pytest.approx(2 * SAME)


def test_exactly_one_of_two_is_zero():
    vectors = np.array([[0.0, 0.0], [1.0, 0.0]])
    assert compared_by_chord(vectors, np.zeros(2))[1].tolist() == [False, True]
    assert compared_by_chord(vectors, np.ones(2))[1].tolist() == [True, False]


@pytest.mark.parametrize("bad", NOT_FINITE)
def test_what_is_not_finite_is_neither_zero_nor_near(bad):
    vectors = np.array([[bad, 0.0], [0.0, 0.0]])
    chords, one_is_zero = compared_by_chord(vectors, np.zeros(2))
    assert np.isnan(chords).tolist() == [True, False]
    assert not one_is_zero.any()


def test_squared_chords_in_float32_that_are_rounding_only_count_as_none():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(500, 1024))
    rounded = unit_vectors(vectors.astype(np.float32)).astype(np.float32)
    squared = ((rounded - unit_vectors(vectors).astype(np.float32)) ** 2).sum(axis=-1)
    assert 0 < squared.max() < SAME_SQUARED


def test_contributions_of_the_features_add_up_to_the_cosine():
    vector, reference = np.random.default_rng(0).normal(size=(2, 9))
    contributions = cosine_contributions(vector, reference)
    cosine = vector @ reference / np.linalg.norm(vector) / np.linalg.norm(reference)
    assert contributions.sum() == pytest.approx(cosine)
    assert np.argmax(contributions) == np.argmax(vector * reference)


def test_contributions_to_a_zero_vector_are_zero():
    assert not cosine_contributions(np.zeros(3), np.ones(3)).any()


def test_cosines_are_those_of_the_angles_and_zero_vectors_are_alike_only():
    vectors = np.array([[2.0, 0.0], [3.0, 3.0], [0.0, 1.0], [-5.0, 0.0], [0.0, 0.0]])
    expected = [1.0, np.sqrt(0.5), 0.0, -1.0, 0.0]
    np.testing.assert_allclose(cosines(vectors, np.array([1.0, 0.0])), expected, atol=1e-15)
    np.testing.assert_array_equal(cosines(vectors, np.zeros(2)), [0.0, 0.0, 0.0, 0.0, 1.0])


def test_cosines_of_squared_chords_stay_within_their_limits():
    squared = np.array([0.0, SAME_SQUARED / 2, 1.0, 4.0, 4.00001], np.float32)
    np.testing.assert_array_equal(cosines_of_squared_chords(squared), [1.0, 1.0, 0.5, -1.0, -1.0])
