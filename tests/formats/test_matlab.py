from __future__ import annotations

import pickle
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from cube_files import CUBE, WAVELENGTHS, write_matlab_hdf5
from scipy.io import savemat

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import array_names, features_last, looks_like_stack, read_stack
from napari_ifealid.formats.matlab import read_matlab

CENTRES = WAVELENGTHS.astype(np.float64)
LABELS = (410.5, 450.0, 555.25, 700.0, 910.0)


def save_classic(path: Path, **arrays: np.ndarray) -> None:
    savemat(path, {**arrays, "title": "Hi", "info": {"a": CUBE}}, do_compression=True)


@pytest.fixture(params=[save_classic, write_matlab_hdf5], ids=["v7", "v7.3"])
def save(request):
    return request.param


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "scene.mat"


def error_of(path: Path, **options: object) -> DatasetError:
    with pytest.raises(DatasetError) as caught:
        read_matlab(path, **options)
    assert caught.value.file == str(path)
    assert caught.value.remedy
    return caught.value


def test_arrays_with_three_axes_are_stacks_by_their_names(path, save):
    save(path, a=CUBE, b=CUBE.astype(np.float64), truth=np.ones((6, 7)))
    names = {"a": True, "b": True, "truth": False, "title": False, "info": False}
    assert array_names(path) == names
    assert looks_like_stack(path)
    first, second = read_matlab(path)
    assert [first.name, second.name] == ["scene.mat: a", "scene.mat: b"]
    for stack in (first, second):
        np.testing.assert_array_equal(stack.values, CUBE)
        assert stack.is_axis_guessed
    assert read_stack(path, array="b").name == "scene.mat"


@pytest.mark.parametrize("name", ["wavelength", "Wavelengths", "wl", "lambda", "bands"])
@pytest.mark.parametrize("axis", range(3))
def test_wavelengths_tell_the_axis_and_are_its_labels(path, save, name, axis):
    save(
        path,
        cube=np.moveaxis(CUBE, -1, axis),
        **{name: CENTRES[None] if axis else CENTRES[:, None]},
    )
    stack = read_stack(path)
    np.testing.assert_array_equal(stack.values, CUBE)
    assert not stack.is_axis_guessed
    assert stack.feature_labels == LABELS


def test_wavelengths_that_fit_two_axes_tell_none(path, save):
    save(path, cube=CUBE[:5, :, :], wavelength=CENTRES[None])
    stack = read_stack(path)
    assert stack.is_axis_guessed
    assert stack.values.shape == (5, 7, 5)


def test_axis_that_is_asked_for_has_the_features(path, save):
    save(path, cube=CUBE)
    stack = read_stack(path, feature_axis=0)
    np.testing.assert_array_equal(stack.values, np.moveaxis(CUBE, 0, -1))
    assert not stack.is_axis_guessed
    assert "no axis -4" in error_of(path, feature_axis=-4).found


@pytest.mark.parametrize("chunks", [None, (2, 4, 3)])
def test_large_array_of_version_7_3_stays_in_the_file(path, monkeypatch, chunks):
    monkeypatch.setattr(features_last, "fits_memory", lambda _: False)
    with h5py.File(path, "w", userblock_size=512) as file:
        file.create_dataset("cube", data=CUBE.T, chunks=chunks)
    stack = read_stack(path)
    assert stack.is_lazy
    np.testing.assert_array_equal(stack.vector((5, 3)), CUBE[5, 3])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(stack.values)), CUBE)


def test_file_without_stacks_lists_its_variables(path, save):
    save(path, truth=np.ones((6, 7)))
    found = error_of(path).found
    assert "truth (6, 7) float64" in found
    assert "struct" in found
    assert not looks_like_stack(path)


def test_complex_array_is_no_stack(path):
    save_classic(path, cube=CUBE * 1j)
    assert "cube (6, 7, 5) complex double" in error_of(path).found


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_truncated_file_is_an_error(path, save, share):
    save(path, cube=np.random.default_rng(0).random((60, 70, 5)), wavelength=CENTRES)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert "damaged" in error_of(path).found


@pytest.mark.parametrize("content", [b"", b"something else" * 100, bytes(5000)])
def test_file_of_another_kind_is_an_error(path, content):
    path.write_bytes(content)
    assert error_of(path).found


def test_shape_that_no_such_file_can_hold_is_refused_before_memory_is_taken(path):
    savemat(path, {"cube": CUBE})
    content = path.read_bytes()
    shape = np.array(CUBE.shape, "<i4").tobytes()
    place = content.index(shape)
    huge = np.array([2000, 2000, 2000], "<i4").tobytes()
    path.write_bytes(content[:place] + huge + content[place + len(huge) :])
    assert "no room for the shape (2000, 2000, 2000)" in error_of(path).found


def test_memory_that_is_short_is_named(path, free_memory):
    save_classic(path, cube=CUBE)
    with free_memory(500):
        assert "memory" in error_of(path).found


def test_missing_file_is_no_such_file(path):
    assert error_of(path).found == "no such file"


def test_only_version_7_3_needs_another_package(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    save_classic(path, cube=CUBE)
    assert read_matlab(path)
    monkeypatch.undo()
    write_matlab_hdf5(path, cube=CUBE)
    monkeypatch.setitem(sys.modules, "h5py", None)
    assert 'pip install "napari-ifealid[cubes]"' in error_of(path).remedy
