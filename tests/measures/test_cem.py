from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.measures import Background
from napari_ifealid.measures.cem import constrained_energy_minimisation


@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_it_is_the_formula_of_the_inverse_correlation_matrix(seed, features):
    vectors = np.random.default_rng(seed).normal(size=(60, features)) + 2
    inverse = np.linalg.inv(vectors.T @ vectors / len(vectors))
    target = vectors[7]
    expected = vectors @ inverse @ target / (target @ inverse @ target)
    values = constrained_energy_minimisation(vectors, target, Background.of(vectors))
    np.testing.assert_allclose(values, expected, atol=1e-9)


def test_values_are_proportional_to_the_share_of_the_target():
    vectors = np.random.default_rng(0).random((50, 4))
    background = Background.of(vectors)
    values = constrained_energy_minimisation(vectors[3] * [[2.0], [-1.0]], vectors[3], background)
    np.testing.assert_allclose(values, [2, -1])


def test_values_are_kept_beyond_the_limits():
    vectors = np.random.default_rng(0).random((50, 4))
    values = constrained_energy_minimisation(vectors, vectors[3], Background.of(vectors))
    assert values.min() < 0.0
