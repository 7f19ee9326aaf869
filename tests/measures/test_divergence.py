from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from napari_ifealid.measures.divergence import (
    divergence_contributions,
    divergence_similarity,
    shares,
)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_it_is_the_sum_of_the_relative_entropies_both_ways(seed, features):
    rng = np.random.default_rng(seed)
    vectors, reference = rng.random((20, features)) + 0.01, rng.random(features) + 0.01
    expected = [entropy(one, reference) + entropy(reference, one) for one in vectors]
    values = divergence_similarity(vectors, reference)
    np.testing.assert_allclose(1 / values - 1, expected, atol=1e-12)


def test_negative_values_count_as_zero():
    vectors = np.array([[1.0, -2.0, 3.0], [-1.0, -2.0, -3.0]])
    reference = np.array([2.0, 1.0, 1.0])
    np.testing.assert_array_equal(
        divergence_similarity(vectors, reference),
        divergence_similarity(np.maximum(vectors, 0), reference),
    )


def test_feature_that_one_alone_has_makes_a_large_but_finite_divergence():
    values = divergence_similarity(np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([0.0, 1.0]))
    assert 0 < values[0] < values[1] < 0.1


@pytest.mark.parametrize("scale", [1e-320, 1e-300, 1e-160, 1e160, 1e308])
def test_divergence_does_not_depend_on_the_sum(scale):
    vectors = np.array([[1.0, 1.0], [1.0, 0.25]])
    expected = divergence_similarity(vectors, np.array([1.0, 3.0]))
    values = divergence_similarity(vectors * scale, np.array([1.0, 3.0]))
    np.testing.assert_allclose(values, expected, rtol=1e-2 if scale < 1e-310 else 1e-12)


def test_shares_add_up_to_one_and_are_none_without_a_positive_value():
    found = shares(np.array([[1.0, 3.0, -2.0], [0.0, -1.0, 0.0], [np.inf, 1.0, 0.0]]))
    np.testing.assert_array_equal(found[:2], [[0.25, 0.75, 0.0], [0.0, 0.0, 0.0]])
    assert np.isnan(found[2]).all()


def test_contributions_are_least_where_the_shares_differ_most():
    contributions = divergence_contributions(np.array([2, 1, 1]), np.array([2, 1.1, 0.9]))
    assert contributions[0] == 0
    assert contributions[2] < contributions[1] < 0
