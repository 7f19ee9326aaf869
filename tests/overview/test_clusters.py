from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.vq import kmeans2

from napari_ifealid.measures.unit_vectors import unit_vectors
from napari_ifealid.overview import Aspect
from napari_ifealid.overview.clusters import fitted_centres, nearest_centres


def fitted(sample: np.ndarray, count: int, aspect: Aspect = Aspect.VALUES) -> np.ndarray:
    *_, centres = fitted_centres(sample, count, aspect)
    return centres


@given(
    count=st.integers(1, 20),
    features=st.integers(1, 12),
    offset=st.sampled_from([0.0, -3.0, 1e4]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=50)
def test_nearest_centre_is_that_of_the_smallest_distance(count, features, offset, seed):
    rng = np.random.default_rng(seed)
    vectors = offset + rng.normal(size=(40, features))
    centres = offset + rng.normal(size=(count, features))
    distances = np.linalg.norm(vectors[:, None] - centres, axis=-1)
    chosen = np.take_along_axis(distances, nearest_centres(vectors, centres)[:, None], 1)[:, 0]
    np.testing.assert_allclose(chosen, distances.min(axis=1), atol=1e-6)


def test_groups_that_lie_apart_are_found():
    rng = np.random.default_rng(1)
    middles = 100.0 * rng.normal(size=(6, 5))
    sample = (middles[:, None] + rng.normal(size=(6, 50, 5))).reshape(-1, 5)
    centres = fitted(sample, 6)
    apart = np.linalg.norm(middles[:, None] - centres, axis=-1)
    assert sorted(apart.argmin(axis=1)) == list(range(6))
    assert apart.min(axis=1).max() < 1.0


def test_centres_are_where_lloyds_rounds_end():
    sample = np.random.default_rng(2).normal(size=(300, 4))
    centres = fitted(sample, 5)
    again, labels = kmeans2(sample, centres, iter=1, minit="matrix")
    np.testing.assert_allclose(again, centres, atol=1e-9)
    np.testing.assert_array_equal(labels, nearest_centres(sample, centres))


def test_centres_of_directions_have_unit_length():
    sample = unit_vectors(np.random.default_rng(3).random((300, 4)))
    centres = fitted(sample, 5, Aspect.DIRECTIONS)
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 1.0)
    numbers = nearest_centres(sample, centres)
    np.testing.assert_array_equal(numbers, (sample @ centres.T).argmax(axis=1))
    means = np.array([sample[numbers == number].mean(axis=0) for number in range(5)])
    np.testing.assert_allclose(unit_vectors(means), centres, atol=1e-9)


@pytest.mark.parametrize("different", [1, 2, 3])
def test_there_are_no_more_centres_than_different_vectors(different):
    vectors = np.random.default_rng(4).random((different, 6))
    sample = vectors[np.arange(40) % different]
    assert len(fitted(sample, 5)) == different
    nearly = unit_vectors(sample * np.linspace(1, 9, 40)[:, None])  # equal but for rounding
    assert len(fitted(nearly, 5, Aspect.DIRECTIONS)) == different


def test_zeros_have_one_centre():
    assert fitted(np.zeros((10, 3)), 4).tolist() == [[0.0, 0.0, 0.0]]


def test_progress_rises():
    sample = np.random.default_rng(5).normal(size=(300, 4))
    *shares, _ = fitted_centres(sample, 5, Aspect.VALUES)
    assert shares == sorted(shares)
    assert 0.0 <= shares[0] < shares[-1] < 1.0
