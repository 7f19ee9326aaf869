from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.metrics import feature_contributions, spectral_angle_similarity

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


@given(SEEDS, st.integers(1, 300), st.floats(1e-6, 1e6))
def test_any_multiple_of_the_reference_has_exactly_one(seed, features, factor):
    reference = np.random.default_rng(seed).normal(size=features)
    assert spectral_angle_similarity(factor * reference, reference) == 1.0


@given(SEEDS)
def test_similarity_is_the_same_both_ways(seed):
    one, other = np.random.default_rng(seed).normal(size=(2, 5))
    there = spectral_angle_similarity(one, other)
    assert there == spectral_angle_similarity(other, one)


def test_zero_vector_has_zero_to_everything_else():
    np.testing.assert_array_equal(spectral_angle_similarity(np.zeros((2, 3)), np.ones(3)), [0, 0])


def test_zero_reference_has_one_to_zero_vectors_and_zero_to_all_others():
    vectors = np.array([[0, 0], [1, 0], [0, 0], [-2, 3]])
    np.testing.assert_array_equal(spectral_angle_similarity(vectors, np.zeros(2)), [1, 0, 1, 0])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("reference", [[1.0, 2.0], [0.0, 0.0]])
def test_vector_that_is_not_finite_has_nan(bad, reference):
    vectors = np.array([[bad, 1.0], [1.0, 1.0], [bad, 0.0]])
    similarity = spectral_angle_similarity(vectors, np.array(reference))
    np.testing.assert_array_equal(np.isnan(similarity), [True, False, True])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_reference_that_is_not_finite_has_nan_to_everything(bad):
    vectors = np.array([[0.0, 0.0], [1.0, 1.0], [bad, 1.0]])
    assert np.isnan(spectral_angle_similarity(vectors, np.array([bad, 1.0]))).all()


@pytest.mark.parametrize("scale", [1e-320, 1e-300, 1e-160, 1e160, 1e300])
def test_angle_does_not_depend_on_the_length(scale):
    vectors = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0]]) * scale
    similarity = spectral_angle_similarity(vectors, np.array([1.0, 0.0]))
    np.testing.assert_allclose(similarity, [0.5, 1.0, 0.0], atol=1e-12)


@given(st.lists(st.integers(1, 4), max_size=4).map(tuple), st.integers(1, 6))
def test_map_has_the_shape_of_the_space(space, features):
    similarity = spectral_angle_similarity(np.ones((*space, features)), np.ones(features))
    assert similarity.shape == space


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.int64, np.uint64, np.float16])
def test_every_type_of_number_is_taken_at_its_value(dtype):
    vectors = np.array([[1, 1], [1, 0], [0, 0]], dtype)
    similarity = spectral_angle_similarity(vectors, np.array([1, 0], dtype))
    np.testing.assert_allclose(similarity, [0.5, 1, 0], atol=1e-14)


def test_smallest_integer_is_not_taken_for_zero_or_positive():
    similarity = spectral_angle_similarity(np.array([[-128, 0]], np.int8), np.array([-1.0, 0.0]))
    assert similarity[0] == 1.0


def test_contributions_of_the_features_add_up_to_the_cosine():
    vector, reference = np.random.default_rng(0).normal(size=(2, 9))
    contributions = feature_contributions(vector, reference)
    cosine = vector @ reference / np.linalg.norm(vector) / np.linalg.norm(reference)
    assert contributions.sum() == pytest.approx(cosine)
    assert np.argmax(contributions) == np.argmax(vector * reference)


def test_contributions_to_a_zero_vector_are_zero():
    assert not feature_contributions(np.zeros(3), np.ones(3)).any()
