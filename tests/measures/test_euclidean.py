from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.measures import Background
from napari_ifealid.measures.euclidean import distance_contributions, euclidean_similarity


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_value_is_that_of_the_distance_in_spreads_of_the_stack(seed, features):
    rng = np.random.default_rng(seed)
    vectors, reference = rng.normal(size=(20, features)) + 3, rng.normal(size=features)
    spread = np.sqrt(((vectors - vectors.mean(axis=0)) ** 2).sum(axis=1).mean())
    distances = np.linalg.norm(vectors - reference, axis=1)
    values = euclidean_similarity(vectors, reference, Background.of(vectors))
    np.testing.assert_allclose(values, 1 / (1 + distances / spread), atol=1e-13)


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160, 1e300])
def test_value_does_not_depend_on_the_unit(scale):
    vectors = np.array([[1.0, 2.0], [3.0, 2.0], [2.0, 0.0]])
    values = euclidean_similarity(vectors, vectors[0], Background.of(vectors))
    scaled = vectors * scale
    other = euclidean_similarity(scaled, scaled[0], Background.of(scaled))
    np.testing.assert_allclose(other, values, rtol=1e-12)


def test_vectors_that_differ_by_rounding_are_the_same_even_without_a_spread():
    vector = np.array([95.0]) / 255.0
    background = Background.of(np.full((4, 1), vector[0]))
    assert euclidean_similarity(np.nextafter(vector, 1.0), vector, background) == 1.0


def test_in_a_stack_of_equal_vectors_all_else_is_infinitely_far():
    vectors = np.ones((4, 3))
    background = Background.of(vectors)
    np.testing.assert_array_equal(euclidean_similarity(vectors, np.ones(3), background), 1.0)
    assert euclidean_similarity(vectors, np.zeros(3), background).max() < 1e-45


def test_contributions_are_least_where_the_vectors_differ_most():
    contributions = distance_contributions(np.array([1, 5, 2]), np.array([1, 2, 4]))
    np.testing.assert_array_equal(contributions, [0, -9, -4])
