from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.measures import Background, Moments

VECTORS = np.random.default_rng(0).normal(size=(90, 5)) @ np.diag([1, 2, 3, 4, 5]) + 7


def test_statistics_are_those_of_numpy():
    background = Background.of(VECTORS.reshape(9, 10, 5)).in_units_of(1.0)
    np.testing.assert_allclose(background.mean, VECTORS.mean(axis=0))
    np.testing.assert_allclose(background.covariance, np.cov(VECTORS.T, bias=True))
    assert background.spread == pytest.approx(np.sqrt(VECTORS.var(axis=0).sum()))
    assert background.size == pytest.approx(np.sqrt((VECTORS**2).sum(axis=1).mean()))


@given(st.lists(st.integers(0, 40), min_size=1, max_size=4), st.sampled_from([1.0, 1e150]))
def test_parts_give_the_same_as_the_whole(cuts, scale):
    moments = [
        Moments.of(part * scale / each, has_scatter=True, scale=each)
        for part, each in zip(np.split(VECTORS, sorted(cuts)), [scale, 1, 2, 3, 4], strict=False)
    ]
    joined = Background.from_moments(moments).in_units_of(scale)
    whole = Background.of(VECTORS).in_units_of(1.0)
    np.testing.assert_allclose(joined.mean, whole.mean)
    np.testing.assert_allclose(joined.covariance, whole.covariance, rtol=1e-9, atol=1e-12)
    assert joined.spread == pytest.approx(whole.spread)


def test_vectors_that_are_not_finite_are_left_out():
    bad = VECTORS.copy()
    bad[::3, 2], bad[1::3, 0] = np.nan, np.inf
    found, expected = Background.of(bad), Background.of(VECTORS[2::3])
    np.testing.assert_allclose(found.covariance, expected.covariance)


def test_stack_without_a_finite_vector_has_no_spread():
    background = Background.of(np.full((4, 3), np.nan))
    assert background.spread == 0.0
    np.testing.assert_array_equal(background.whitening, np.zeros((1, 3)))


def test_whitened_vectors_have_the_unit_matrix_as_covariance():
    background = Background.of(VECTORS)
    white = (background.scaled(VECTORS) - background.mean) @ background.whitening.T
    np.testing.assert_allclose(np.cov(white.T, bias=True), np.eye(5), atol=1e-12)


def test_decorrelation_is_the_inverse_of_the_correlation_matrix():
    background = Background.of(VECTORS)
    scaled = background.scaled(VECTORS)
    correlation = scaled.T @ scaled / len(scaled)
    inverse = background.decorrelation.T @ background.decorrelation
    np.testing.assert_allclose(inverse @ correlation, np.eye(5), atol=1e-9)


def test_axes_without_variance_are_left_out():
    flat = np.concatenate([VECTORS, VECTORS[:, :2] - VECTORS[:, 2:4], np.ones((90, 1))], axis=1)
    background = Background.of(flat)
    assert background.whitening.shape == (5, 8)
    inverse = background.whitening.T @ background.whitening
    np.testing.assert_allclose(inverse, np.linalg.pinv(background.covariance), atol=1e-6)


def test_of_fewer_vectors_than_features_the_axes_are_those_that_they_span():
    assert Background.of(VECTORS[:4]).whitening.shape == (3, 5)


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_squares_neither_vanish_nor_overflow(scale):
    background = Background.of(VECTORS * scale)
    assert np.isfinite(background.covariance).all()
    assert background.whitening.shape == (5, 5)
