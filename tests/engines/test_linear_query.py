from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.engines.linear_query import LinearQuery, pixel_points, pixel_terms
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.measures import ACE, EUCLIDEAN, PEARSON, Background
from napari_ifealid.query import Query
from napari_ifealid.stack import FeatureStack

VALUES = np.random.default_rng(0).normal(size=(9, 8, 5)) * 30
PIXELS = PixelVectors.of(FeatureStack(values=VALUES, name="x"))
BACKGROUND = Background.of(VALUES).in_units_of(1.0)


def prepared(*vectors, measure=PEARSON) -> LinearQuery:
    return LinearQuery.of(Query.to(*vectors, measure=measure), measure.kernel, BACKGROUND, 1.0)


def test_constant_reference_of_the_correlation_is_known_as_zero():
    query = prepared(VALUES[1, 2], np.full(5, 3.0))
    assert query.has_zero
    assert query.vectors.shape == (1, 5)
    assert not query.is_void


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_references_that_are_not_finite_count_for_nothing(bad):
    assert len(prepared([bad, 0, 0, 0, 0], VALUES[1, 2]).vectors) == 1
    assert prepared([bad, 0, 0, 0, 0]).is_void


def test_several_references_of_an_even_measure_are_multiplied_with_both_signs():
    assert len(prepared(VALUES[1, 2], measure=ACE).vectors) == 1
    several = prepared(VALUES[1, 2], VALUES[3, 4], measure=ACE)
    np.testing.assert_array_equal(several.vectors[:2], -several.vectors[2:])
    np.testing.assert_array_equal(several.offsets[:2], -several.offsets[2:])


@pytest.mark.parametrize("measure", [PEARSON, EUCLIDEAN], ids=lambda one: one.name)
def test_points_are_as_far_from_each_other_as_the_value_says(measure):
    points = measure.kernel.points
    factor, shift = pixel_points(PIXELS, points, BACKGROUND)
    (reference,) = points.of_references(VALUES[1, 2][np.newaxis], BACKGROUND)
    scaled = VALUES * factor.reshape(9, 8, 1) + shift.reshape(9, 8, 1)
    squared = ((scaled - reference) ** 2).sum(axis=-1).astype(np.float32)
    expected = measure.values(VALUES, VALUES[1, 2], BACKGROUND)
    np.testing.assert_allclose(points.from_squared_distances(squared), expected, atol=1e-6)


def test_terms_are_those_of_the_kernel_however_the_stack_is_cut(monkeypatch):
    monkeypatch.setattr("napari_ifealid.engines.pixel_vectors._BLOCK_VALUES", 35)
    found = pixel_terms(PIXELS, ACE.kernel, BACKGROUND)
    expected = ACE.kernel.pixel_terms(VALUES.reshape(-1, 5), BACKGROUND)
    np.testing.assert_allclose(found.factor, expected.factor)
    np.testing.assert_array_equal(found.is_zero, expected.is_zero)
