"""The class of each pixel on the CPU, as quick as it is right."""

from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.engines import CpuEngine, classes_of
from napari_ifealid.engines import class_values as module
from napari_ifealid.engines.compiled import compiled_products
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.grid import whole_region
from napari_ifealid.measures import COSINE, PEARSON, SPECTRAL_ANGLE
from napari_ifealid.query import Query
from napari_ifealid.stack import FeatureStack

SHAPE = (60, 50, 16)
VALUES = np.maximum(np.random.default_rng(0).normal(size=SHAPE), 0) * 60
WHOLE = whole_region(SHAPE[:2])


def engine_of(values: np.ndarray) -> CpuEngine:
    pixels = PixelVectors.of(FeatureStack(values=values, name="x"))
    compiled_products(pixels.stored).result()
    return CpuEngine(pixels)


@pytest.fixture
def decided(monkeypatch) -> list[int]:
    """How many pixels the definition had to decide."""
    counts: list[int] = []
    settle = module._Decision.settle

    def counted(decision, first, is_open, is_inaccurate, classes) -> None:
        counts.append(np.count_nonzero(is_open))
        settle(decision, first, is_open, is_inaccurate, classes)

    monkeypatch.setattr(module._Decision, "settle", counted)
    return counts


@pytest.mark.parametrize("measure", [SPECTRAL_ANGLE, COSINE, PEARSON], ids=lambda one: one.name)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_few_pixels_are_left_to_the_definition(decided, dtype, measure):
    values = VALUES.astype(dtype)
    query = Query.to(*values[::9, 3].astype(float), measure=measure)
    classes_of(engine_of(values), query, WHOLE)
    assert sum(decided) < 0.01 * VALUES[..., 0].size


def test_pixels_between_two_references_are_decided_by_the_definition(decided):
    one, other = np.eye(16)[:2]
    values = np.random.default_rng(0).uniform(0.999999, 1.000001, SHAPE) * (one + other)
    query = Query.to(one, other)
    classes = classes_of(engine_of(values), query, WHOLE)
    assert sum(decided) > 0.5 * VALUES[..., 0].size
    expected = [SPECTRAL_ANGLE.values(values, vector) for vector in (one, other)]
    np.testing.assert_array_equal(classes.numbers, np.argmax(expected, axis=0))


def test_where_all_are_at_right_angles_the_first_wins_without_a_look(decided):
    values = -np.abs(np.random.default_rng(0).normal(size=SHAPE)).astype(np.float32)
    query = Query.to(*np.abs(np.random.default_rng(1).normal(size=(3, 16))))
    classes = classes_of(engine_of(values), query, WHOLE)
    assert not classes.numbers.any()
    assert not classes.values.any()
    assert sum(decided) == 0


def test_values_are_those_of_the_map():
    values = VALUES.astype(np.uint8)
    query = Query.to(*values[::9, 3].astype(float))
    engine = engine_of(values)
    ((_, expected),) = engine.parts(query, WHOLE)
    np.testing.assert_allclose(classes_of(engine, query, WHOLE).values, expected, atol=5e-5)
