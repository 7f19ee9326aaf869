from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from overview_stacks import random_stack, vectors_of

from napari_ifealid.overview import Aspect
from napari_ifealid.overview.moments import Moments, block_moments
from napari_ifealid.stack import FeatureStack


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


@pytest.mark.parametrize("aspect", Aspect)
def test_pixels_without_what_counts_are_left_out(aspect, small_parts):
    values = random_stack((9, 8, 5)).values
    values[3, 4, 1], values[0, 0] = np.nan, 0.0
    stack = FeatureStack(values=values, name="x")
    vectors = vectors_of(stack, aspect)
    is_known = np.isfinite(vectors).all(axis=1)
    if aspect is Aspect.DIRECTIONS:
        is_known &= vectors.any(axis=1)
    moments = block_moments(stack, aspect)
    assert moments.count == is_known.sum() == (70 if aspect is Aspect.DIRECTIONS else 71)
    expected = Moments.of(vectors[is_known])
    np.testing.assert_allclose(moments.mean, expected.mean)
    np.testing.assert_allclose(moments.scatter, expected.scatter, atol=1e-9)
