from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from cube_files import CUBE, write_classic_netcdf
from scipy.io import netcdf_file

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import features_last
from napari_ifealid.formats.netcdf_classic import classic_array_names, read_classic_netcdf

BANDS_FIRST = np.moveaxis(CUBE, -1, 0)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "scene.nc"


def error_of(path: Path, **options: object) -> DatasetError:
    with pytest.raises(DatasetError) as caught:
        read_classic_netcdf(path, **options)
    assert caught.value.file == str(path)
    return caught.value


def test_each_variable_with_three_dimensions_is_a_stack(path):
    with netcdf_file(path, "w") as file:
        for name, length in zip("tyx", (3, 4, 5), strict=True):
            file.createDimension(name, None if name == "t" else length)
        for name in ("wind", "heat"):
            file.createVariable(name, "f4", ("t", "y", "x"))[:] = np.arange(60).reshape(3, 4, 5)
        file.createVariable("mask", "i2", ("y", "x"))[:] = np.ones((4, 5))
    assert classic_array_names(path) == {"wind": True, "heat": True, "mask": False}
    wind, heat = read_classic_netcdf(path)
    assert (wind.name, heat.name) == ("scene.nc: wind", "scene.nc: heat")
    assert wind.is_axis_guessed
    np.testing.assert_array_equal(wind.values, np.moveaxis(np.arange(60.0).reshape(3, 4, 5), 0, -1))
    assert wind.values.dtype == np.dtype("=f4")
    (one,) = read_classic_netcdf(path, array="heat", feature_axis=1)
    assert (one.name, one.values.shape) == ("scene.nc", (3, 5, 4))
    assert "no axis 5" in error_of(path, array="heat", feature_axis=5).found
    assert "no feature stack called 'mask'" in error_of(path, array="mask").found


def test_values_do_not_depend_on_the_file(path):
    write_classic_netcdf(path, BANDS_FIRST)
    (stack,) = read_classic_netcdf(path)
    path.write_bytes(b"")
    np.testing.assert_array_equal(stack.values, CUBE)


@pytest.mark.parametrize("fits", [True, False])
def test_large_variable_stays_in_the_file_and_can_be_pickled(path, monkeypatch, fits):
    monkeypatch.setattr(features_last, "fits_memory", lambda _: fits)
    write_classic_netcdf(path, BANDS_FIRST)
    (stack,) = read_classic_netcdf(path)
    assert stack.is_lazy != fits
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(stack.values)), CUBE)


def test_damaged_file_is_an_error_that_says_why(path):
    path.write_bytes(b"CDF\x01" + bytes(3))
    assert error_of(path).found == "a truncated or damaged netCDF file (a file that ends early)"
