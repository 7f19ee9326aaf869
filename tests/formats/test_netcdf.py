from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from cube_files import CUBE, write_classic_netcdf, write_emit, write_netcdf4

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import (
    array_names,
    features_last,
    looks_like_stack,
    read_stack,
    read_stacks,
)

BANDS_FIRST = np.moveaxis(CUBE, -1, 0)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "scene.nc"


def error_of(path: Path) -> DatasetError:
    with pytest.raises(DatasetError) as caught:
        read_stacks(path)
    assert caught.value.file == str(path)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize("fits", [True, False])
def test_emit_scene_has_wavelengths_widths_good_bands_and_missing_values(path, monkeypatch, fits):
    monkeypatch.setattr(features_last, "fits_memory", lambda _: fits)
    values = CUBE.astype(np.float32) / 1000
    values[0, 0] = -9999
    write_emit(path, values, bad_bands=(0, 3))
    (stack,) = read_stacks(path)
    assert stack.name == "scene.nc"
    assert stack.is_lazy != fits
    assert not stack.is_axis_guessed
    assert (stack.feature_labels[0], stack.feature_labels[-1]) == ("381.5 nm", "2493.0 nm")
    assert stack.bands.widths == (8.5,) * 5
    assert stack.bands.is_good == (False, True, True, False, True)
    assert stack.nodata == -9999.0
    assert np.isnan(stack.vector((0, 0))).all()
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(stack.values)), values)


@pytest.mark.parametrize("write", [write_netcdf4, write_classic_netcdf])
def test_variable_is_scaled_as_cf_says(path, write):
    write(path, BANDS_FIRST, scale_factor=0.01, _FillValue=np.int16(CUBE[0, 0, 0]))
    stack = read_stack(path)
    assert (stack.gain, stack.nodata) == (0.01, CUBE[0, 0, 0])
    expected = np.where(CUBE[0, 0, 0] == CUBE, np.nan, CUBE * 0.01)
    np.testing.assert_allclose(stack.real_values(stack.values), expected)


@pytest.mark.parametrize("write", [write_netcdf4, write_classic_netcdf])
@pytest.mark.parametrize(("dtype", "unwritten"), [("f4", 9.969209968386869e36), ("i2", -32767)])
def test_values_that_were_never_written_are_none(path, write, dtype, unwritten):
    values = np.arange(60).reshape(5, 4, 3).astype(dtype)
    values[0, 0, 0] = unwritten
    write(path, values)
    assert np.isnan(read_stack(path).vector((0, 0))).tolist() == [True, *[False] * 4]


@pytest.mark.parametrize("write", [write_netcdf4, write_classic_netcdf])
def test_any_byte_may_be_a_value(path, write):
    write(path, np.full((5, 4, 3), -127, np.int8))
    assert read_stack(path).nodata is None


@pytest.mark.parametrize("write", [write_netcdf4, write_classic_netcdf])
def test_wavelengths_along_the_axis_of_features_are_labels(path, write):
    write(path, BANDS_FIRST)
    stack = read_stack(path)
    np.testing.assert_array_equal(stack.values, CUBE)
    assert stack.feature_labels[0] == ("0.4105 µm" if write is write_netcdf4 else "410.5 nm")
    assert array_names(path)["radiance"]
    assert looks_like_stack(path)


def test_missing_package_is_named_for_netcdf_4_alone(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    write_classic_netcdf(path, BANDS_FIRST)
    assert read_stacks(path)
    monkeypatch.undo()
    write_netcdf4(path, BANDS_FIRST)
    monkeypatch.setitem(sys.modules, "h5py", None)
    assert 'pip install "napari-ifealid[cubes]"' in error_of(path).remedy


@pytest.mark.parametrize("write", [write_netcdf4, write_classic_netcdf])
def test_truncated_file_is_an_error(path, write):
    write(path, np.ones((5, 60, 70), np.int16))
    os.truncate(path, path.stat().st_size // 2)
    assert "truncated" in error_of(path).found


@pytest.mark.parametrize("content", [b"", b"something else", bytes(3000)])
def test_file_of_another_kind_is_an_error(path, content):
    path.write_bytes(content)
    assert "no HDF5 file" in error_of(path).found


def test_missing_file_is_no_such_file(path):
    assert error_of(path).found == "no such file"
