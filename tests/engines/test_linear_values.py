"""Linear forms are multiplied in float32, and again where that is not enough."""

from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.engines import CpuEngine, whole_map
from napari_ifealid.engines import linear_values as module
from napari_ifealid.engines.compiled import compiled_products
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.grid import whole_region
from napari_ifealid.measures import ACE, CEM, EUCLIDEAN, MATCHED_FILTER, PEARSON, Background
from napari_ifealid.query import Query
from napari_ifealid.stack import FeatureStack

LINEAR = [PEARSON, EUCLIDEAN, ACE, CEM, MATCHED_FILTER]
with_each = pytest.mark.parametrize("measure", LINEAR, ids=lambda one: one.name)
WHOLE = whole_region((40, 30))
RNG = np.random.default_rng(0)


@pytest.fixture
def again(monkeypatch) -> list[int]:
    """How many values were multiplied in float64."""
    counts: list[int] = []
    fill = module._Comparison._fill_exactly

    def counted(comparison, first, numbers, values) -> None:
        counts.append(len(numbers))
        fill(comparison, first, numbers, values)

    monkeypatch.setattr(module._Comparison, "_fill_exactly", counted)
    return counts


def map_of(values: np.ndarray, query: Query) -> np.ndarray:
    pixels = PixelVectors.of(FeatureStack(values=values, name="x"))
    compiled_products(pixels.stored).result()
    return whole_map(CpuEngine(pixels).parts(query, WHOLE), WHOLE)


def assert_is_that_of_the_definition(values, found, query) -> None:
    background = Background.of(values)
    expected = np.max([query.measure.values(values, one, background) for one in query.vectors], 0)
    scale = np.maximum(1.0, np.abs(expected))
    np.testing.assert_allclose(found / scale, expected / scale, atol=5e-5)


@with_each
@pytest.mark.parametrize("count", [1, 4])
def test_few_values_of_usual_features_are_multiplied_twice(again, measure, count):
    values = np.maximum(RNG.normal(size=(40, 30, 16)), 0).astype(np.float32)
    query = Query.to(*values[:count, 3].astype(float), measure=measure)
    assert_is_that_of_the_definition(values, map_of(values, query), query)
    assert count <= sum(again) < 0.05 * 1200


@with_each
def test_values_far_from_zero_beside_their_spread_keep_their_digits(again, measure):
    values = 1e4 + RNG.normal(size=(40, 30, 16))
    query = Query.to(values[3, 4], values[5, 6], measure=measure)
    found = map_of(values, query)
    assert_is_that_of_the_definition(values, found, query)
    assert found[3, 4] == found[5, 6] == 1.0
    assert sum(again) > 0.5 * 1200


@with_each
def test_nearly_singular_stacks_keep_their_digits(measure):
    values = RNG.normal(size=(40, 30, 4)) @ RNG.normal(size=(4, 16))
    values += 1e-4 * RNG.normal(size=values.shape)
    query = Query.to(values[3, 4], RNG.normal(size=16), measure=measure)
    assert_is_that_of_the_definition(values, map_of(values, query), query)
