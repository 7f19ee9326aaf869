from __future__ import annotations

import pickle
import sys
import time
from concurrent.futures import CancelledError
from pathlib import Path

import h5py
import numpy as np
import pytest
from cube_files import CUBE, WAVELENGTHS, write_emit

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import (
    array_names,
    features_last,
    hdf5,
    looks_like_stack,
    read_stack,
    read_stacks,
)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "cube.h5"


@pytest.fixture
def stays_in_the_file(monkeypatch) -> None:
    monkeypatch.setattr(features_last, "fits_memory", lambda _: False)


def error_of(path: Path, **options: object) -> DatasetError:
    with pytest.raises(DatasetError) as caught:
        hdf5.read_hdf5(path, **options)
    assert caught.value.file == str(path)
    assert caught.value.remedy
    return caught.value


def truncated(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


# Which arrays, and which axis


def test_arrays_with_three_axes_in_any_group_are_stacks_by_their_paths(path):
    with h5py.File(path, "w") as file:
        file["scan/first"] = CUBE
        file["other"] = CUBE.astype(">f4")
        file["scan/mean"] = CUBE.mean((0, 1))
        file["names"] = np.full((2, 2, 2), b"text")
        file["scan/complex"] = CUBE.astype(complex)
        file["scan/empty"] = CUBE[:0]
        file["scan/none"] = h5py.Empty("f4")
    assert array_names(path) == {
        "names": False,
        "other": True,
        "scan/complex": False,
        "scan/empty": False,
        "scan/first": True,
        "scan/mean": False,
    }
    assert looks_like_stack(path)
    other, first = read_stacks(path)
    assert [other.name, first.name] == ["cube.h5: other", "cube.h5: scan/first"]
    assert first.source.array == "scan/first"
    np.testing.assert_array_equal(other.values, CUBE)
    assert other.values.dtype == np.dtype("=f4")
    assert read_stack(path, array="/scan/first").values.shape == CUBE.shape


@pytest.mark.parametrize("name", ["band", "Wavelength", "channels"])
@pytest.mark.parametrize("axis", range(3))
def test_axis_with_the_name_of_features_has_them(path, name, axis):
    stored = np.moveaxis(CUBE, -1, axis)
    with h5py.File(path, "w") as file:
        file["cube"] = stored
        file["cube"].dims[axis].label = name
    (stack,) = read_stacks(path)
    np.testing.assert_array_equal(stack.values, CUBE)
    assert not stack.is_axis_guessed
    assert stack.name == "cube.h5"


def test_axis_that_nothing_tells_is_a_guess(path):
    with h5py.File(path, "w") as file:
        file["cube"] = CUBE
    (stack,) = read_stacks(path)
    assert stack.is_axis_guessed
    np.testing.assert_array_equal(stack.values, CUBE)
    asked = read_stack(path, feature_axis=0)
    assert not asked.is_axis_guessed
    np.testing.assert_array_equal(asked.values, np.moveaxis(CUBE, 0, -1))
    assert "no axis 3" in error_of(path, feature_axis=3).found


def test_wavelengths_that_fit_one_axis_alone_tell_it(path):
    with h5py.File(path, "w") as file:
        file["scene/cube"] = np.moveaxis(CUBE, -1, 0)
        file["scene/meta/Wavelength"] = WAVELENGTHS
        file["scene/meta/Wavelength"].attrs["Units"] = "nanometers"
        file["scene/meta/FWHM"] = WAVELENGTHS / 100
    (stack,) = read_stacks(path)
    assert not stack.is_axis_guessed
    assert stack.feature_labels == ("410.5 nm", "450.0 nm", "555.25 nm", "700.0 nm", "910.0 nm")
    np.testing.assert_allclose(stack.bands.widths, WAVELENGTHS / 100)


@pytest.mark.parametrize("shape", [(1, 5), (5, 1)])
def test_wavelengths_with_two_axes_as_matlab_writes_them_tell_the_axis(path, shape):
    with h5py.File(path, "w") as file:
        file["cube"] = np.moveaxis(CUBE, -1, 0)
        file["wavelength"] = WAVELENGTHS.reshape(shape)
    stack = read_stack(path)
    np.testing.assert_array_equal(stack.values, CUBE)
    assert stack.feature_labels == tuple(map(float, WAVELENGTHS))


def test_names_of_channels_are_labels(path):
    with h5py.File(path, "w") as file:
        file["image"] = CUBE[..., :2]
        file["channel"] = ["DAPI", "GFP"]
        file["channel"].make_scale()
        file["image"].dims[2].attach_scale(file["channel"])
    assert read_stack(path).feature_labels == ("DAPI", "GFP")


def test_neon_scene_is_read_with_its_wavelengths_and_missing_values(path):
    with h5py.File(path, "w") as file:
        folder = file.create_group("ABBY/Reflectance")
        folder["Reflectance_Data"] = CUBE
        folder["Reflectance_Data"].attrs["Data_Ignore_Value"] = np.float64(-9999)
        folder["Reflectance_Data"].attrs["Dimension_Labels"] = b"Line, Sample, Wavelength"
        folder["Metadata/Spectral_Data/Wavelength"] = WAVELENGTHS
        folder["Metadata/Spectral_Data/Wavelength"].attrs["Units"] = b"nanometers"
    (stack,) = read_stacks(path)
    assert stack.feature_labels[0] == "410.5 nm"
    assert stack.nodata == -9999.0
    assert not stack.is_axis_guessed


# Values


@pytest.mark.parametrize("chunks", [None, (2, 3, 2)])
def test_large_array_stays_in_the_file_and_can_be_pickled(path, stays_in_the_file, chunks):
    with h5py.File(path, "w") as file:
        file.create_dataset("cube", data=CUBE.astype(">i2"), chunks=chunks)
    stack = read_stack(path)
    assert stack.is_lazy
    np.testing.assert_array_equal(stack.vector((2, 3)), CUBE[2, 3])
    again = pickle.loads(pickle.dumps(stack.values))
    np.testing.assert_array_equal(again.compute(), CUBE)


def test_scaled_values_are_read_as_real_ones(path, stays_in_the_file):
    with h5py.File(path, "w") as file:
        file["cube"] = CUBE
        file["cube"].attrs.update(
            {"scale_factor": 0.5, "add_offset": -1.0, "_FillValue": CUBE[0, 0, 0]}
        )
    stack = read_stack(path)
    expected = np.where(CUBE[0, 0, 0] == CUBE, np.nan, CUBE * 0.5 - 1.0)
    np.testing.assert_allclose(stack.values.compute(), expected)


def test_progress_that_ends_early_cancels(path):
    with h5py.File(path, "w") as file:
        file["cube"] = CUBE
    with pytest.raises(CancelledError):
        read_stacks(path, track=lambda items, **_: [])


# What goes wrong


def test_file_without_stacks_lists_what_is_there(path):
    with h5py.File(path, "w") as file:
        file.create_group("empty")
        file["weights"] = np.ones((3, 4))
    error = error_of(path)
    assert "weights (3, 4) float64" in error.found
    assert not looks_like_stack(path)
    assert "'missing'" in error_of(path, array="missing").found


def test_array_whose_name_is_not_utf_8_leaves_the_others_readable(path):
    with h5py.File(path, "w") as file:
        file["würfel".encode("latin-1")] = CUBE
        file["cube"] = CUBE
    (stack,) = read_stacks(path)
    np.testing.assert_array_equal(stack.values, CUBE)


def test_file_of_links_alone_names_them_and_what_they_link_to_can_be_asked_for(path):
    with h5py.File(path.with_name("other.h5"), "w") as file:
        file["cube"] = CUBE
    with h5py.File(path, "w") as file:
        file["link"] = h5py.ExternalLink("other.h5", "/cube")
    assert "link (a link to /cube in other.h5)" in error_of(path).found
    np.testing.assert_array_equal(read_stack(path, array="link").values, CUBE)


def test_truncated_file_is_an_error_at_once(path):
    write_emit(path, np.zeros((50, 50, 20), np.float32))
    truncated(path)
    start = time.perf_counter()
    assert "truncated" in error_of(path).found
    assert time.perf_counter() - start < 2
    assert looks_like_stack(path)


@pytest.mark.parametrize("content", [b"", b"CDF\x01 something else", bytes(5000)])
def test_file_of_another_kind_is_an_error(path, content):
    path.write_bytes(content)
    assert "no HDF5 file" in error_of(path).found


def test_missing_file_is_no_such_file(path):
    assert error_of(path).found == "no such file"


def test_missing_package_is_named_with_the_command_that_installs_it(path, monkeypatch):
    with h5py.File(path, "w") as file:
        file["cube"] = CUBE
    monkeypatch.setitem(sys.modules, "h5py", None)
    error = error_of(path)
    assert "h5py" in error.found
    assert 'pip install "napari-ifealid[cubes]"' in error.remedy


def test_many_arrays_are_neither_opened_at_once_nor_all_looked_at(path, monkeypatch):
    monkeypatch.setattr(hdf5, "MOST_STACKS", 3)
    with h5py.File(path, "w") as file:
        for number in range(5):
            file[f"cube{number}"] = CUBE
    error = error_of(path)
    assert error.found.startswith("5 feature stacks, cube0, cube1")
    assert "--array" in error.remedy
    monkeypatch.setattr("napari_ifealid.formats.hdf5_contents.MOST_ARRAYS", 2)
    assert list(array_names(path)) == ["cube0", "cube1"]
    assert read_stack(path, array="cube4").name == "cube.h5"


def test_large_array_of_which_next_to_nothing_is_stored_stays_in_the_file(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("cube", (4000, 1000, 5), "f4", chunks=(100, 100, 5), fillvalue=2)
    assert path.stat().st_size < 10_000
    stack = read_stack(path)
    assert stack.is_lazy
    np.testing.assert_array_equal(stack.vector((3999, 999)), 2.0)
