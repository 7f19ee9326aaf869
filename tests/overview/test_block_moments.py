from __future__ import annotations

import numpy as np
import pytest
from overview_stacks import random_stack, vectors_of

from napari_ifealid.measures import Moments
from napari_ifealid.overview import Aspect
from napari_ifealid.overview.block_moments import block_moments
from napari_ifealid.stack import FeatureStack


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
