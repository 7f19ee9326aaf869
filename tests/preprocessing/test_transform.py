from __future__ import annotations

import pickle

import dask.array as da
import numpy as np
import pytest

from napari_ifealid.measures import UsedFeatures
from napari_ifealid.preprocessing import STEPS, step_named, transform_of
from napari_ifealid.stack import FeatureStack

USED = UsedFeatures((True, False, True, True))


def stack_of(values, labels=(400, 500, 600, 700), **storage) -> FeatureStack:
    return FeatureStack(values=np.asarray(values), name="x", feature_labels=labels, **storage)


def test_mean_is_that_of_the_real_values_that_are_known():
    stack = stack_of([[[2, 4, 6, 8], [4, -9, 6, 8]]], gain=0.5, nodata=-9)
    transform = transform_of(stack, step_named("mean-centred"))
    np.testing.assert_array_equal(transform.mean, [1.5, 2.0, 3.0, 4.0])
    lazy = stack_of([[[2, 4, 6, 8], [4, -9, 6, 8]]], gain=0.5, nodata=-9)
    lazy = FeatureStack(values=da.from_array(lazy.values), name="x", **lazy.storage)
    np.testing.assert_array_equal(transform_of(lazy, transform.step).mean, transform.mean)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_order_of_the_bands_makes_no_difference(step):
    rng = np.random.default_rng(2)
    vectors = rng.random((6, 4))
    order = [2, 0, 3, 1]
    ascending = transform_of(stack_of(vectors[np.newaxis]), step)
    labels = tuple(np.array([400, 500, 600, 700])[order].tolist())
    mixed = transform_of(stack_of(vectors[np.newaxis][..., order], labels), step)
    np.testing.assert_allclose(mixed.of(vectors[:, order]), ascending.of(vectors)[:, order])


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_features_that_are_not_used_are_zero_and_count_for_nothing(step):
    rng = np.random.default_rng(2)
    vectors = rng.random((6, 4))
    transform = transform_of(stack_of(vectors[np.newaxis]), step, USED)
    whole = transform.of(vectors)
    np.testing.assert_array_equal(whole[:, 1], 0.0)
    vectors[:, 1] = np.nan
    np.testing.assert_array_equal(transform.of(vectors), whole)
    part = stack_of(vectors[np.newaxis][..., USED.numbers], (400, 600, 700))
    alone = transform_of(part, step).of(USED.taken(vectors))
    np.testing.assert_allclose(USED.taken(whole), alone)


def test_vector_that_is_not_finite_is_nan():
    transform = transform_of(stack_of(np.ones((1, 2, 4))), step_named("unit sum"))
    vectors = np.array([[1.0, 1.0, 1.0, 1.0], [1.0, np.inf, 1.0, 1.0]])
    np.testing.assert_array_equal(transform.of(vectors), [[0.25] * 4, [np.nan] * 4])


def test_transform_can_be_pickled():
    transform = transform_of(stack_of(np.ones((1, 2, 4))), STEPS[0], USED)
    again = pickle.loads(pickle.dumps(transform))
    np.testing.assert_array_equal(again.of(np.ones(4)), transform.of(np.ones(4)))
