from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.measures import Background
from napari_ifealid.measures.ace import adaptive_cosine_estimator


@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_it_is_the_formula_of_the_inverse_covariance(seed, features):
    vectors = np.random.default_rng(seed).normal(size=(60, features)) + 2
    mean, inverse = vectors.mean(axis=0), np.linalg.inv(np.atleast_2d(np.cov(vectors.T)))
    x, d = vectors - mean, vectors[7] - mean
    squares = np.einsum("pc,cd,pd->p", x, inverse, x) * (d @ inverse @ d)
    expected = (x @ inverse @ d) ** 2 / squares
    values = adaptive_cosine_estimator(vectors, vectors[7], Background.of(vectors))
    np.testing.assert_allclose(values, expected, atol=1e-9)


def test_what_lies_opposite_of_the_mean_is_alike():
    vectors = np.random.default_rng(0).normal(size=(40, 3))
    background = Background.of(vectors)
    opposite = 2 * vectors.mean(axis=0) - vectors[0]
    assert adaptive_cosine_estimator(opposite, vectors[0], background) == 1.0
