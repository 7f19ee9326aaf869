from __future__ import annotations

import numpy as np
import pytest
from overview_stacks import random_stack, vectors_of

from napari_ifealid.overview.aspect import Aspect, known_vectors, parts_of
from napari_ifealid.stack import FeatureStack


@pytest.mark.parametrize("aspect", Aspect)
def test_parts_are_all_vectors_in_order(aspect, small_parts):
    stack = random_stack((7, 5, 9))
    parts = list(parts_of(stack, aspect))
    assert len(parts) == 2
    assert [rows.start for rows, _, _ in parts] == [0, 22]
    np.testing.assert_allclose(
        np.concatenate([vectors for _, vectors, _ in parts]), vectors_of(stack, aspect)
    )
    assert all(is_known.all() for _, _, is_known in parts)


@pytest.mark.parametrize(
    ("aspect", "known"),
    [
        (Aspect.DIRECTIONS, [True, False, False, False, True]),
        (Aspect.VALUES, [True, True, False, False, False]),
    ],
)
def test_pixels_that_have_what_counts_are_known(aspect, known):
    values = np.array([[[1.0, 2], [0, 0], [np.nan, 1], [np.inf, 1], [1e200, 0]]])
    stack = FeatureStack(values=values, name="x")
    _, is_known = known_vectors(stack, values[0], aspect)
    assert is_known.tolist() == known


def test_real_values_count_of_a_quantised_stack():
    values = np.array([[[0, 255], [255, 0]]], np.uint8)
    stack = FeatureStack(values=values, name="x", value_range=(-1.0, 1.0))
    vectors, _ = known_vectors(stack, values[0], Aspect.VALUES)
    np.testing.assert_allclose(vectors, [[-1.0, 1.0], [1.0, -1.0]])
