from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_ifealid.measures import Moments


@given(
    cuts=st.lists(st.integers(1, 99), max_size=5, unique=True), offset=st.sampled_from([0, 1, 1e6])
)
@settings(max_examples=30)
def test_joined_moments_are_those_of_all_vectors(cuts, offset):
    vectors = offset + np.random.default_rng(1).normal(size=(100, 4))
    joined = Moments.none(4)
    for part in np.split(vectors, sorted(cuts)):
        joined = joined.joined(Moments.of(part))
    assert joined.count == 100
    np.testing.assert_allclose(joined.mean, vectors.mean(axis=0))
    np.testing.assert_allclose(joined.scatter / 100, np.cov(vectors.T, bias=True), atol=1e-9)


def test_nothing_changes_nothing():
    some = Moments.of(np.random.default_rng(0).random((5, 3)))
    assert some.joined(Moments.none(3)) is some
    assert Moments.none(3).joined(some) is some


def test_equal_vectors_have_no_scatter_at_all():
    moments = Moments.of(np.tile([0.1, 1 / 3, 1e9 / 7], (999, 1)))
    assert not moments.scatter.any()
    assert moments.spread == 0.0


@pytest.mark.parametrize("has_scatter", [True, False])
def test_squares_are_those_of_each_feature(has_scatter):
    vectors = np.random.default_rng(2).normal(5.0, [1.0, 2.0, 3.0], size=(60, 3))
    parts = (Moments.of(part, has_scatter=has_scatter) for part in np.split(vectors, [7]))
    one, other = parts
    joined = one.joined(other)
    np.testing.assert_allclose(joined.squares / 60, vectors.var(axis=0))
    assert joined.spread == pytest.approx(60 * vectors.var(axis=0).sum())
    assert (joined.scatter is not None) is has_scatter
