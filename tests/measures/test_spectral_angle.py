from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.measures.spectral_angle import SPECTRAL_ANGLE, spectral_angle_similarity

SEEDS = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize(
    ("vector", "degrees"),
    [
        ([2, 0], 0),
        ([np.sqrt(3), 1], 30),
        ([5, 5], 45),
        ([1, np.sqrt(3)], 60),
        ([0, 3], 90),
        ([-1, 1], 135),
        ([-7, 0], 180),
    ],
)
def test_similarity_is_the_share_of_a_right_angle_that_is_left(vector, degrees):
    similarity = spectral_angle_similarity(np.array([vector]), np.array([3.0, 0.0]))
    assert similarity[0] == pytest.approx(max(0.0, 1 - degrees / 90), abs=1e-14)


@given(SEEDS, st.integers(1, 40))
def test_it_is_the_arc_cosine_formula(seed, features):
    rng = np.random.default_rng(seed)
    vectors, reference = rng.normal(size=(20, features)), rng.normal(size=features)
    lengths = np.linalg.norm(vectors, axis=-1) * np.linalg.norm(reference)
    cosines = np.clip(vectors @ reference / lengths, -1, 1)
    formula = np.clip(1 - np.arccos(cosines) / (np.pi / 2), 0, 1)
    similarity = spectral_angle_similarity(vectors, reference)
    # near 1 the arc cosine itself is off by the square root of its argument's rounding
    np.testing.assert_allclose(similarity, formula, atol=1e-7, rtol=0)


@given(st.floats(1e-9, 1e-2))
def test_small_angles_keep_their_digits(angle):
    vector = np.array([np.cos(angle), np.sin(angle)])
    similarity = spectral_angle_similarity(vector, np.array([1.0, 0.0]))
    assert (1 - similarity) * np.pi / 2 == pytest.approx(angle, rel=1e-6)


@pytest.mark.parametrize("scale", [1e-320, 1e-300, 1e-160, 1e160, 1e300])
def test_angle_does_not_depend_on_the_length(scale):
    vectors = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0]]) * scale
    similarity = spectral_angle_similarity(vectors, np.array([1.0, 0.0]))
    np.testing.assert_allclose(similarity, [0.5, 1.0, 0.0], atol=1e-12)


def test_smallest_integer_is_not_taken_for_zero_or_positive():
    similarity = spectral_angle_similarity(np.array([[-128, 0]], np.int8), np.array([-1.0, 0.0]))
    assert similarity[0] == 1.0


def of_squared_chords(squared) -> np.ndarray:
    """Return what engines take for the similarity of squared chords, of float32."""
    squared = np.asarray(squared, np.float32)
    kept = squared.copy()
    values = SPECTRAL_ANGLE.kernel.from_squared_chords(squared)
    np.testing.assert_array_equal(squared, kept)
    assert values.dtype == np.float32
    return values


def test_engines_have_the_arc_sine_of_half_the_chord_within_its_rounding():
    squared = np.concatenate([np.linspace(0, 2, 200_001), np.logspace(-10, 0, 10_001)])
    squared = squared.astype(np.float32)
    expected = 1 - 4 / np.pi * np.arcsin(np.sqrt(squared.astype(np.float64)) / 2)
    actual = of_squared_chords(squared)
    is_same = squared < 1e-11
    np.testing.assert_allclose(actual[~is_same], expected[~is_same], atol=5e-7, rtol=0)


def test_similarity_of_engines_falls_with_the_chord_but_for_rounding():
    values = of_squared_chords(np.linspace(0, 4, 400_001))
    assert (np.diff(values.astype(np.float64)) <= 5e-7).all()


@pytest.mark.parametrize("squared", [0.0, 1e-30, 9e-12])
def test_chord_of_nothing_but_rounding_is_exactly_one_in_engines(squared):
    assert of_squared_chords([squared])[0] == 1.0


def test_chords_beyond_a_right_angle_are_exactly_zero_in_engines():
    squared = np.concatenate([np.linspace(2.000_01, 4.0, 100_001), [4.000_001, 1e9, np.inf]])
    assert not of_squared_chords(squared).any()


def test_chord_that_is_not_a_number_stays_none_in_engines():
    values = of_squared_chords([[np.nan, 0.0], [1.0, np.nan]])
    np.testing.assert_array_equal(np.isnan(values), [[True, False], [False, True]])
