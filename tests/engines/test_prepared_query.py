from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.engines.prepared_query import PreparedQuery
from napari_ifealid.measures import COSINE, SPECTRAL_ANGLE, UnitLength
from napari_ifealid.query import Query, Rule

ONE, OTHER = np.array([3.0, -4.0]), np.array([0.0, 0.5])


def prepared_query(query: Query) -> PreparedQuery:
    assert isinstance(query.measure.kernel, UnitLength)
    return PreparedQuery.of(query, query.measure.kernel)


def test_references_are_scaled_to_unit_length():
    prepared = prepared_query(Query.to(ONE, OTHER))
    assert prepared.units.dtype == np.float32
    np.testing.assert_allclose(prepared.units, [[0.6, -0.8], [0, 1]], rtol=1e-7)
    assert not prepared.has_zero
    assert not prepared.is_void


@pytest.mark.parametrize("measure", [SPECTRAL_ANGLE, COSINE])
def test_measure_is_that_of_the_query(measure):
    assert prepared_query(Query.to(ONE, measure=measure)).measure is measure


def test_mean_is_a_single_reference():
    prepared = prepared_query(Query.to(ONE, OTHER, rule=Rule.MEAN))
    mean = (ONE + OTHER) / 2
    np.testing.assert_allclose(prepared.units, [mean / np.linalg.norm(mean)], rtol=1e-6)


def test_zero_reference_is_known_as_such():
    prepared = prepared_query(Query.to(ONE, np.zeros(2)))
    assert prepared.has_zero
    assert prepared.units.shape == (1, 2)
    alone = prepared_query(Query.to(np.zeros(2)))
    assert alone.has_zero
    assert alone.units.shape == (0, 2)
    assert not alone.is_void


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_references_that_are_not_finite_count_for_nothing(bad):
    prepared = prepared_query(Query.to([bad, 0.0], ONE, [0.0, bad]))
    assert prepared.units.shape == (1, 2)
    assert not prepared.has_zero
    assert prepared_query(Query.to([bad, 0.0])).is_void


@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1e200, 1e307])
def test_very_short_and_very_long_references_have_a_direction(scale):
    prepared = prepared_query(Query.to(ONE * scale))
    assert not prepared.has_zero
    np.testing.assert_allclose(prepared.units, [[0.6, -0.8]], rtol=1e-3 if scale < 1e-300 else 1e-6)
