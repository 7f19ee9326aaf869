from __future__ import annotations

import numpy as np
import pytest

from explorer_actions import CLOSE, expected_map
from napari_ifealid.engines import EngineChoice, plan_engine, prepare_stack, start_engine, whole_map
from napari_ifealid.explorer.map_request import FeatureRequest, SimilarityRequest
from napari_ifealid.formats import read_stacks
from napari_ifealid.grid import whole_region
from napari_ifealid.query import Query, Rule

PINS = [(1, 2), (3, 4)]
DATASETS = [
    "000000015746.jpg.C1.npz.8",
    "000000015746.jpg.C3.npz.8",
    "synthetic_23x17x9.8",
    "synthetic_23x17x9.16",
    "synthetic_23x17x9.32",
]


def made(request, stack) -> np.ndarray:
    """Return what an engine makes of a request."""
    plan = plan_engine(EngineChoice.CPU, stack, None)
    engine = start_engine(prepare_stack(stack, plan)).engine
    return whole_map(request.parts(engine), request.region)


def to_pins(stack, rule: Rule) -> SimilarityRequest:
    query = Query.to(*map(stack.vector, PINS), rule=rule)
    return SimilarityRequest(query, whole_region(stack.spatial_shape))


def test_best_of_pins_is_the_maximum_of_their_similarities(stack):
    best = made(to_pins(stack, Rule.BEST), stack)
    np.testing.assert_allclose(best, expected_map(stack, *PINS), atol=CLOSE)
    assert best[1, 2] == best[3, 4] == 1.0


def test_requests_are_equal_if_their_maps_are(stack):
    best, mean = (to_pins(stack, rule) for rule in (Rule.BEST, Rule.MEAN))
    assert best == to_pins(stack, Rule.BEST)
    assert best != mean
    assert best != SimilarityRequest(best.query, (slice(0, 2), slice(0, 5)))
    assert best.content != mean.content


def test_feature_is_in_the_stacks_own_units(stack):
    region = (slice(1, 4), slice(2, 5))
    image = made(FeatureRequest(range(4, 5), region), stack)
    np.testing.assert_array_equal(image, stack.values[(*region, 4)])


@pytest.mark.parametrize("dataset", DATASETS)
def test_features_and_vectors_are_those_of_the_web_application(shared_data, dataset):
    (stack,) = read_stacks(shared_data / f"{dataset}.zip")
    name = dataset.removesuffix(".npz.8")
    expected = np.load(shared_data / f"{name}.expected.npz")
    region = whole_region(stack.spatial_shape)
    for feature, image in zip(expected["feature_indices"], expected["feature_images"], strict=True):
        shown = made(FeatureRequest(range(feature, feature + 1), region), stack)
        np.testing.assert_allclose(shown, image, atol=1e-6)
    for pixel, vector in zip(expected["positions_rowcol"], expected["vectors"], strict=True):
        np.testing.assert_allclose(stack.vector(pixel), vector, atol=1e-6)
