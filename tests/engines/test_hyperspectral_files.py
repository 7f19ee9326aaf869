"""Real cubes, opened by their names alone: the maps of an independent library, by every engine."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from napari_ifealid.engines import whole_map
from napari_ifealid.formats import read_stack
from napari_ifealid.good_features import good_features
from napari_ifealid.grid import whole_region
from napari_ifealid.measures import SPECTRAL_ANGLE
from napari_ifealid.numeric_labels import numeric_labels
from napari_ifealid.query import Query
from napari_ifealid.stack import FeatureStack

FILES = {
    "corn-kernel-hyperspectral.hdr": "corn-kernel-hyperspectral",
    "corn-kernel-hyperspectral.raw": "corn-kernel-hyperspectral",
    "enmap_potsdam_tile_64_0.tif": "enmap_potsdam_tile_64_0",
}


@cache
def opened(folder: Path, name: str):
    return read_stack(folder / name), np.load(folder / f"{FILES[name]}.expected.npz")


@pytest.fixture(params=FILES)
def cube(request, shared_data):
    return opened(shared_data / "hyperspectral", request.param)


def test_all_expected_cubes_are_compared(shared_data):
    found = {path.name for path in (shared_data / "hyperspectral").glob("*.expected.npz")}
    assert found == {f"{name}.expected.npz" for name in FILES.values()}


def is_missing(stack: FeatureStack) -> np.ndarray:
    """Pixels without a value in a good band, which the other library compares as stored."""
    used = good_features(stack)
    real = stack.real_values(stack.values)
    return np.isnan(real if used is None else used.taken(real)).any(axis=-1)


def test_what_the_file_tells_of_its_bands(cube):
    stack, expected = cube
    numeric = numeric_labels(stack.feature_labels)
    np.testing.assert_allclose(numeric.numbers, expected["wavelengths"], rtol=1e-6)
    assert numeric.unit == "nm"
    good = stack.bands.is_good or (True,) * stack.feature_count
    np.testing.assert_array_equal(good, expected["good_bands"])
    for position, vector in zip(expected["positions_rowcol"], expected["vectors"], strict=True):
        np.testing.assert_array_equal(stack.values[tuple(position)], vector)


def test_maps_are_those_of_the_other_library(running, cube):
    stack, expected = cube
    measure = SPECTRAL_ANGLE.over(good_features(stack))
    region = whole_region(stack.spatial_shape)
    known = ~is_missing(stack)
    assert known.mean() > 0.5
    with running(stack) as engine:
        for position, similarity in zip(
            map(tuple, expected["positions_rowcol"]), expected["similarity"], strict=True
        ):
            if not known[position]:
                continue
            query = Query.to(stack.vector(position), measure=measure)
            actual = whole_map(engine.parts(query, region), region)
            similarity[position] = 1.0  # rounding makes NaN of it there
            np.testing.assert_allclose(actual[known], similarity[known], atol=1e-4)
            assert np.isnan(actual[~known]).all()
            assert actual[position] == 1.0
