from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.measures.deviations import deviations


@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-300, 1e-3, 1.0, 1e300]))
def test_deviations_are_from_the_mean_and_beside_the_largest_value(seed, scale):
    vectors = np.random.default_rng(seed).normal(size=(4, 5, 7)) + 1
    peaks = np.abs(vectors).max(axis=-1, keepdims=True)
    expected = (vectors - vectors.mean(axis=-1, keepdims=True)) / peaks
    np.testing.assert_allclose(deviations(vectors * scale), expected, atol=1e-12)


@given(st.floats(-1e300, 1e300), st.integers(1, 300))
def test_constant_vectors_have_none(value, features):
    assert not deviations(np.full(features, value)).any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_vectors_that_are_not_finite_have_no_number(bad):
    found = deviations(np.array([[bad, 1.0, 2.0], [1.0, 1.0, 4.0]]))
    assert np.isnan(found[0]).any()
    np.testing.assert_allclose(found[1], [-0.25, -0.25, 0.5])
