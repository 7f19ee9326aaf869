from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.measures import Background
from napari_ifealid.measures.matched_filter import matched_filter


@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_it_is_the_formula_of_the_inverse_covariance(seed, features):
    vectors = np.random.default_rng(seed).normal(size=(60, features)) + 2
    mean, inverse = vectors.mean(axis=0), np.linalg.inv(np.atleast_2d(np.cov(vectors.T)))
    x, d = vectors - mean, vectors[7] - mean
    expected = x @ inverse @ d / (d @ inverse @ d)
    values = matched_filter(vectors, vectors[7], Background.of(vectors))
    scale = np.abs(expected).max()
    np.testing.assert_allclose(values, expected, atol=1e-9 * scale)


def test_half_way_from_the_mean_to_the_target_is_half():
    vectors = np.random.default_rng(0).random((50, 4))
    half = (vectors.mean(axis=0) + vectors[3]) / 2
    np.testing.assert_allclose(matched_filter(half, vectors[3], Background.of(vectors)), 0.5)
