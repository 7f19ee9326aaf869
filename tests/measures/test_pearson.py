from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.measures.pearson import correlation_contributions, pearson_correlation

SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS, st.integers(2, 40))
def test_it_is_the_correlation_coefficient(seed, features):
    rng = np.random.default_rng(seed)
    vectors, reference = rng.normal(size=(20, features)) + 3, rng.normal(size=features)
    expected = np.corrcoef(reference, vectors)[0, 1:]
    np.testing.assert_allclose(pearson_correlation(vectors, reference), expected, atol=1e-13)


@given(SEEDS, st.floats(0.1, 10), st.floats(-10, 10))
def test_neither_length_nor_mean_counts(seed, factor, shift):
    reference = np.random.default_rng(seed).normal(size=9)
    assert pearson_correlation(factor * reference + shift, reference) == pytest.approx(1.0)


@pytest.mark.parametrize("value", [0.0, 0.1, -7.3, 1e200])
def test_constant_vector_has_one_to_another_and_zero_to_everything_else(value):
    vectors = np.array([[value] * 3, [1.0, 2.0, 3.0]])
    np.testing.assert_array_equal(pearson_correlation(vectors, np.full(3, 0.3)), [1, 0])
    assert pearson_correlation(vectors, np.array([3.0, 1.0, 2.0]))[0] == 0.0


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160, 1e300])
def test_correlation_does_not_depend_on_the_unit(scale):
    vectors = np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [0.0, 0.0, 0.0]]) * scale
    values = pearson_correlation(vectors, np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(values, [1.0, -1.0, 0.0], atol=1e-12)


def test_contributions_of_the_features_add_up_to_the_correlation():
    vector, reference = np.random.default_rng(0).normal(size=(2, 9))
    total = correlation_contributions(vector, reference).sum()
    assert total == pytest.approx(pearson_correlation(vector, reference))
