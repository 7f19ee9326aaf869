from __future__ import annotations

import pickle

import h5py
import numpy as np
import pytest
from cube_files import SWIR, VNIR, write_prisma

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import array_names, features_last, read_stack, read_stacks

RANDOM = np.random.default_rng(5)
VNIR_CUBE = RANDOM.integers(0, 65536, (5, len(VNIR), 6)).astype(np.uint16)
SWIR_CUBE = RANDOM.integers(0, 65536, (5, len(SWIR), 6)).astype(np.uint16)
SWATH = "HDFEOS/SWATHS/PRS_L2D_HCO"


def sorted_cube(vnir: np.ndarray, swir: np.ndarray) -> np.ndarray:
    """Return the bands in the order 500, 700, 890, 900, 1000 and 2000 nm, features last."""
    bands = [vnir[:, 2], vnir[:, 1], swir[:, 2], vnir[:, 0], swir[:, 1], swir[:, 0]]
    return np.stack(bands, axis=-1)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "PRS_L2D.he5"
    write_prisma(path, VNIR_CUBE, SWIR_CUBE)
    return path


@pytest.mark.parametrize("fits", [True, False])
def test_vnir_and_swir_are_one_stack_by_wavelength(path, monkeypatch, fits):
    monkeypatch.setattr(features_last, "fits_memory", lambda _: fits)
    (stack,) = read_stacks(path)
    assert stack.name == path.name
    assert stack.is_lazy != fits
    expected = sorted_cube(VNIR_CUBE, SWIR_CUBE)
    np.testing.assert_array_equal(np.asarray(stack.values), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(stack.values)), expected)
    assert stack.feature_labels == tuple(
        f"{centre:.1f} nm" for centre in (500, 700, 890, 900, 1000, 2000)
    )
    assert stack.bands.is_good == (True, True, False, True, True, True)
    np.testing.assert_allclose(stack.bands.widths, [5, 7, 8.9, 9, 10, 20], rtol=1e-6)
    np.testing.assert_allclose(stack.vector((1, 2)), expected[1, 2] / 65535)


def test_cubes_of_different_scales_are_real_values(tmp_path):
    write_prisma(tmp_path / "a.he5", VNIR_CUBE, SWIR_CUBE, swir_top=0.5)
    stack = read_stack(tmp_path / "a.he5")
    expected = sorted_cube(VNIR_CUBE / 65535, SWIR_CUBE / 65535 * 0.5)
    assert stack.values.dtype == np.float32
    np.testing.assert_allclose(stack.values, expected, rtol=1e-6)


def test_level_1_is_radiance(path):
    with h5py.File(path, "r+") as file:
        for key in [key for key in file.attrs if key.startswith("L2Scale")]:
            del file.attrs[key]
        for part in ("Vnir", "Swir"):
            file.attrs[f"ScaleFactor_{part}"] = np.float32(100.0)
            file.attrs[f"Offset_{part}"] = np.float32(2.0)
    expected = sorted_cube(VNIR_CUBE, SWIR_CUBE) / 100.0 - 2.0
    np.testing.assert_allclose(read_stack(path).values, expected, rtol=1e-5, atol=1e-5)


def test_scene_is_the_only_stack_of_its_file_but_others_can_be_asked_for(path):
    names = array_names(path)
    assert [name for name, is_stack in names.items() if is_stack] == [SWATH]
    assert read_stack(path, array=SWATH).values.shape == (5, 6, 6)
    cube = read_stack(path, array=f"{SWATH}/Data Fields/SWIR_Cube", feature_axis=1)
    np.testing.assert_array_equal(cube.values, np.moveaxis(SWIR_CUBE, 1, -1))


def test_axis_of_the_bands_is_known(path):
    assert not read_stack(path, feature_axis=1).is_axis_guessed
    with pytest.raises(DatasetError, match="no axis 0"):
        read_stack(path, feature_axis=0)


def test_cubes_of_different_pixels_are_an_error(tmp_path):
    write_prisma(tmp_path / "a.he5", VNIR_CUBE, SWIR_CUBE[:-1])
    with pytest.raises(DatasetError, match=r"cubes of shape \(5, 4, 6\) and \(4, 3, 6\): a.he5"):
        read_stacks(tmp_path / "a.he5")


def test_missing_or_wrong_list_of_bands_is_an_error(path):
    with h5py.File(path, "r+") as file:
        file.attrs["List_Cw_Swir"] = SWIR[:-1]
    with pytest.raises(DatasetError, match="no attribute List_Cw_Swir of 3 wavelengths"):
        read_stacks(path)
