from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.measures import Background
from napari_ifealid.measures.whitened import whitened

VECTORS = np.random.default_rng(0).normal(size=(90, 5)) * [1, 2, 3, 4, 5] + 7
BACKGROUND = Background.of(VECTORS).in_units_of(1.0)


def test_whitened_vectors_vary_alike_along_all_axes():
    white = whitened(VECTORS, BACKGROUND)
    np.testing.assert_allclose(white.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(np.cov(white.T, bias=True), np.eye(5), atol=1e-12)


def test_mean_becomes_exactly_zero():
    assert not whitened(BACKGROUND.mean + 1e-12, BACKGROUND).any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_vectors_that_are_not_finite_become_nan(bad):
    vectors = VECTORS[:2].copy()
    vectors[0, 3] = bad
    found = whitened(vectors, BACKGROUND)
    assert np.isnan(found[0]).all()
    np.testing.assert_allclose(found[1], whitened(VECTORS[1], BACKGROUND))
