from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from napari_ifealid import FeatureStack, read_library, read_stack, similarity_map
from napari_ifealid.formats.envi_header import read_header
from napari_ifealid.georeference import PixelSize
from napari_ifealid.numeric_labels import numeric_labels

SCRIPT = runpy.run_path(str(Path(__file__).resolve().parents[2] / "scripts/make_cube.py"))
MATERIALS = SCRIPT["MATERIALS"]
SHAPE, BANDS = (45, 60), 80


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("cube") / "meadow.hdr"
    SCRIPT["write_cube"](path, SCRIPT["cube"](SHAPE, BANDS))
    return path


@pytest.fixture(scope="module")
def cube(path) -> FeatureStack:
    return read_stack(path.with_suffix(".img"))


def test_cube_reads_back_with_all_that_its_header_tells(path, cube):
    assert (cube.values.shape, cube.values.dtype) == ((*SHAPE, BANDS), np.int16)
    assert (cube.gain, cube.nodata) == (1e-4, -9999.0)
    labels = numeric_labels(cube.feature_labels)
    assert (labels.unit, labels.numbers[0], labels.numbers[-1]) == ("nm", 400.0, 2450.0)
    is_bad = ~np.array(cube.bands.is_good)
    assert is_bad.any()
    for wavelength in labels.numbers[is_bad]:
        assert 1350.0 <= wavelength <= 1450.0 or 1800.0 <= wavelength <= 1950.0
    assert len(cube.bands.widths) == BANDS
    red, green, blue = labels.numbers[list(cube.bands.shown)]
    assert red > green > blue
    assert cube.pixel_size == PixelSize((2.0, 2.0), "m")
    assert cube.georeference.transform[0] == 2.0
    assert read_header(path).text("map info").startswith("UTM, 1, 1, ")


def test_corners_outside_of_the_footprint_have_no_data(cube):
    is_void = cube.values[..., 0] == cube.nodata
    assert is_void[[0, 0, -1, -1], [0, -1, 0, -1]].all()
    assert 0.1 < is_void.mean() < 0.4
    assert np.isfinite(cube.vector((SHAPE[0] // 2, SHAPE[1] // 2))).all()


def test_same_command_makes_the_same_cube(cube):
    np.testing.assert_array_equal(SCRIPT["cube"](SHAPE, BANDS).values, cube.values)


def test_each_material_is_most_like_its_own_spectrum(cube):
    what = SCRIPT["scene"](np.random.default_rng(SCRIPT["SEED"]), SHAPE)
    wavelengths = numeric_labels(cube.feature_labels).numbers
    maps = [similarity_map(cube, vector) for vector in SCRIPT["spectra"](wavelengths)]
    is_mostly_one = (what.shares > 0.7).any(axis=-1) & what.is_inside
    found, true = np.argmax(maps, axis=0)[is_mostly_one], what.shares.argmax(axis=-1)[is_mostly_one]
    assert {*true} == {*range(len(MATERIALS))}
    assert (found == true).mean() > 0.95


def test_library_has_the_spectra_beyond_both_ends(tmp_path):
    SCRIPT["write_library"](tmp_path / "meadow.csv", SCRIPT["library"]())
    library = read_library(tmp_path / "meadow.csv")
    assert [entry.name for entry in library.entries] == [*MATERIALS[:-1], "soil with clay"]
    assert (library.features[0], library.features[-1]) == ("350.0 nm", "2500.0 nm")
    assert all(np.isfinite(entry.vector).all() for entry in library.entries)
