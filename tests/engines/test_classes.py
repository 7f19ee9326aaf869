from __future__ import annotations

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.engines import CpuEngine
from napari_ifealid.engines.classes import classes_of
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.grid import whole_region
from napari_ifealid.measures import MEASURES
from napari_ifealid.query import Query, Reference
from napari_ifealid.stack import FeatureStack


def classified(values, references, measure, region=None):
    engine = CpuEngine(PixelVectors.of(FeatureStack(values=values, name="it")))
    query = Query(tuple(map(Reference, references)), measure=measure)
    return classes_of(engine, query, region or whole_region(values.shape[:-1]))


def defined(values, references, measure):
    with np.errstate(invalid="ignore"):
        maps = np.array([measure.definition(values, vector) for vector in references])
    return np.argmax(maps, axis=0) + 1, maps.max(axis=0)


@pytest.fixture(scope="module")
def cube(shared_data) -> np.ndarray:
    """Two tiles of a real scene, 64 × 32 pixels; without the bands that are filled with nothing."""
    folder = shared_data / "hyperspectral"
    tiles = [tifffile.imread(folder / f"enmap_potsdam_tile_64_{x}.tif") for x in (0, 32)]
    good = np.load(folder / "enmap_potsdam_tile_64_0.expected.npz")["good_bands"]
    values = np.concatenate([np.moveaxis(tile, tile.shape.index(len(good)), -1) for tile in tiles])
    return np.ascontiguousarray(values[..., good])


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
@pytest.mark.parametrize("seed", range(3))
def test_classes_of_a_real_cube_are_those_of_the_definitions(cube, measure, seed):
    pixels = np.random.default_rng(seed).integers(0, cube.shape[:2], (8, 2))
    references = [cube[tuple(pixel)].astype(float) for pixel in pixels]
    labels, values = classified(cube, references, measure)
    expected, best = defined(cube.astype(float), references, measure)
    np.testing.assert_array_equal(labels, expected)
    np.testing.assert_allclose(values, best, atol=5e-4)
    assert len(np.unique(labels)) > 2


@given(st.integers(1, 9), st.integers(0, 99))
def test_classes_are_those_of_the_best_map(count, seed):
    rng = np.random.default_rng(seed)
    values, references = rng.random((6, 5, 4)), rng.random((count, 4))
    for measure in MEASURES:
        labels, similarity = classified(values, references, measure)
        expected, best = defined(values, references, measure)
        np.testing.assert_array_equal(labels, expected)
        np.testing.assert_allclose(similarity, best, atol=5e-4)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_first_of_equal_references_wins(measure):
    values = np.random.default_rng(0).random((6, 5, 4))
    labels, _ = classified(values, [values[1, 1], values[1, 1], values[1, 1]], measure)
    assert (labels == 1).all()


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_unknown_similarities_are_no_class(measure):
    values = np.random.default_rng(0).random((6, 5, 4))
    values[2, 3, 1] = np.nan
    labels, similarity = classified(values, [np.full(4, np.nan), values[1, 1]], measure)
    assert labels[2, 3] == 0
    assert np.isnan(similarity[2, 3])
    assert (np.delete(labels.ravel(), 2 * 5 + 3) == 2).all()


def test_region_is_that_which_is_asked_for():
    values = np.random.default_rng(0).random((6, 5, 4))
    region = (slice(1, 4), slice(2, 5))
    measure = MEASURES[0]
    labels, _ = classified(values, values[0, :3], measure, region)
    np.testing.assert_array_equal(labels, classified(values, values[0, :3], measure)[0][region])
