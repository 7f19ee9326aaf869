from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.measures.cosine import cosine_similarity


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
def test_value_is_the_cosine_of_the_angle(vector, degrees):
    value = cosine_similarity(np.array([vector]), np.array([3.0, 0.0]))
    assert value[0] == pytest.approx(np.cos(np.deg2rad(degrees)), abs=1e-14)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_it_is_the_dot_product_of_unit_vectors(seed, features):
    rng = np.random.default_rng(seed)
    vectors, reference = rng.normal(size=(20, features)), rng.normal(size=features)
    lengths = np.linalg.norm(vectors, axis=-1) * np.linalg.norm(reference)
    values = cosine_similarity(vectors, reference)
    np.testing.assert_allclose(values, vectors @ reference / lengths, atol=1e-14, rtol=0)


@given(st.floats(1e-5, 1e-2))
def test_small_angles_keep_their_digits(angle):
    vector = np.array([np.cos(angle), np.sin(angle)])
    value = cosine_similarity(vector, np.array([1.0, 0.0]))
    assert 1 - value == pytest.approx(2 * np.sin(angle / 2) ** 2, rel=1e-5)


@pytest.mark.parametrize("scale", [1e-320, 1e-300, 1e-160, 1e160, 1e300])
def test_cosine_does_not_depend_on_the_length(scale):
    vectors = np.array([[1.0, 1.0], [-1.0, 0.0], [0.0, 0.0]]) * scale
    values = cosine_similarity(vectors, np.array([1.0, 0.0]))
    np.testing.assert_allclose(values, [np.sqrt(0.5), -1.0, 0.0], atol=1e-12)
