from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.engines import CpuEngine, whole_map
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.grid import whole_region
from napari_ifealid.measures import INFORMATION_DIVERGENCE
from napari_ifealid.query import Query
from napari_ifealid.stack import FeatureStack

RNG = np.random.default_rng(0)


def map_of(values: np.ndarray, *vectors) -> np.ndarray:
    engine = CpuEngine(PixelVectors.of(FeatureStack(values=values, name="x")))
    region = whole_region(values.shape[:-1])
    query = Query.to(*vectors, measure=INFORMATION_DIVERGENCE)
    return whole_map(engine.parts(query, region), region)


def test_near_vectors_keep_their_digits():
    vector = RNG.random(64) + 0.1
    steps = RNG.normal(size=(1, 200, 64)) * np.logspace(-8, -1, 200)[:, np.newaxis]
    values = np.abs(vector + steps).astype(np.float32)
    found = map_of(values, vector)
    expected = INFORMATION_DIVERGENCE.values(values, vector)
    np.testing.assert_allclose(found, expected, atol=5e-6)


@pytest.mark.parametrize("features", [2, 300])
def test_features_that_one_alone_has_are_measured(features):
    values = np.maximum(RNG.normal(size=(9, 8, features)), 0).astype(np.float32)
    values[0, 0] = 0
    vectors = [values[3, 4].astype(float), np.eye(features)[0]]
    expected = np.max([INFORMATION_DIVERGENCE.values(values, one) for one in vectors], axis=0)
    np.testing.assert_allclose(map_of(values, *vectors), expected, atol=5e-5)


def test_negative_reference_is_like_pixels_without_a_positive_value():
    values = np.array([[[-1.0, -2.0], [0.0, 0.0], [1.0, -1.0]]])
    np.testing.assert_array_equal(map_of(values, np.array([-3.0, 0.0])), [[1, 1, 0]])
