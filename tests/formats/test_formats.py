from __future__ import annotations

from concurrent.futures import CancelledError
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cube_files
import h5py
import numpy as np
import pytest
import tifffile
import zarr
from dataset_files import dataset, write
from scipy.io import savemat

import napari_ifealid
from napari_ifealid import FeatureStack, similarity_map
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import (
    array_blocks,
    array_names,
    check_array_suffix,
    features_last,
    looks_like_stack,
    read_stack,
    read_stacks,
    restored,
    stack_names,
    write_array,
)
from napari_ifealid.stack import StackSource

CUBE = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
BYTES = CUBE.astype(np.uint8)
SUFFIXES = [".zip", ".npy", ".npz", ".zarr", ".hdr", ".tif"]


@pytest.fixture(params=["cube.npy", "cube.npz", "several.npz", "cube.zip", "cube.zarr", "cube.tif"])
def path(tmp_path, request):
    """A file of each kind, with the cube."""
    path = tmp_path / request.param
    match request.param:
        case "cube.npy":
            np.save(path, CUBE)
        case "cube.npz":
            np.savez(path, cube=CUBE, mean=CUBE.mean((0, 1)))
        case "several.npz":
            np.savez(path, first=CUBE, second=CUBE[:2], names=np.array(["a"]))
        case "cube.zip":
            write(path, dataset(BYTES))
        case "cube.zarr":
            zarr.create_array(str(path), data=CUBE)
        case "cube.tif":
            tifffile.imwrite(path, CUBE, photometric="minisblack", planarconfig="contig")
    return path


def only(*names: str):
    return pytest.mark.parametrize("path", names, indirect=True)


def error_of(path, **options) -> DatasetError:
    with pytest.raises(DatasetError) as caught:
        read_stack(path, **options)
    assert caught.value.file == str(path)
    assert caught.value.remedy
    return caught.value


def test_reading_and_writing_are_part_of_the_package():
    assert napari_ifealid.read_stack is read_stack
    assert {"read_stack", "write_stack"} <= set(napari_ifealid.__all__)


@only("cube.npy", "cube.npz", "cube.zip", "cube.zarr", "cube.tif")
@pytest.mark.parametrize("kind", [str, Path])
def test_only_stack_of_a_file_is_read(path, kind):
    np.testing.assert_array_equal(read_stack(kind(path)).values, CUBE)
    (stack,) = read_stacks(kind(path))
    np.testing.assert_array_equal(stack.values, CUBE)


@only("several.npz")
def test_array_is_chosen_by_its_name(path):
    stack = read_stack(path, array="second")
    np.testing.assert_array_equal(stack.values, CUBE[:2])
    assert stack.name == "several.npz"


@only("several.npz")
def test_name_of_the_array_is_asked_for_where_there_are_several(path):
    error = error_of(path)
    assert error.found == "2 feature stacks, first, second"
    assert "array=NAME" in error.remedy


def test_no_more_than_ten_names_are_listed(tmp_path):
    path = tmp_path / "many.npz"
    np.savez(path, **{f"array{number}": CUBE for number in range(12)})
    found = error_of(path).found
    assert found.startswith("12 feature stacks, array0,")
    assert found.endswith("array9")


@only("several.npz")
@pytest.mark.parametrize("name", ["third", "names", "first.npy", ""])
def test_array_that_is_no_feature_stack_or_missing_is_an_error(path, name):
    found = error_of(path, array=name).found
    assert repr(name) in found
    assert "first (3, 4, 5) float32" in found


@only("cube.npy", "cube.zip", "cube.zarr")
def test_file_without_named_arrays_has_none(path):
    error = error_of(path, array="cube")
    assert "without named arrays" in error.found
    assert "'cube'" in error.expected


@only("cube.npy", "cube.npz", "cube.zarr")
@pytest.mark.parametrize(
    ("axis", "shape"),
    [(0, (4, 5, 3)), (1, (3, 5, 4)), (2, (3, 4, 5)), (-1, (3, 4, 5)), (-3, (4, 5, 3))],
)
def test_features_may_lie_along_any_axis(path, axis, shape):
    stack = read_stack(path, feature_axis=axis)
    assert stack.values.shape == shape
    assert stack.feature_count == shape[-1]
    assert stack.name == path.name
    np.testing.assert_array_equal(stack.values, np.moveaxis(CUBE, axis, -1))


@only("cube.npy", "cube.npz", "cube.zarr", "cube.tif")
@pytest.mark.parametrize("axis", [3, -4, 100])
def test_axis_that_the_array_lacks_is_an_error(path, axis):
    error = error_of(path, feature_axis=axis)
    assert f"no axis {axis}" in error.found
    assert "(3, 4, 5)" in error.found


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_missing_file_is_an_error(tmp_path, suffix):
    error_of(tmp_path / f"missing{suffix}")


NAMES = {
    "cube.npz": {"cube": True, "mean": False},
    "several.npz": {"first": True, "second": True, "names": False},
}


def test_names_of_the_arrays_are_told_where_they_have_any(path):
    names = NAMES.get(path.name)
    assert array_names(path) == names
    stacks = None if names is None else [name for name, is_stack in names.items() if is_stack]
    assert stack_names(path) == stacks


@pytest.mark.parametrize("names", [array_names, stack_names])
def test_names_of_a_file_that_cannot_be_opened_are_an_error(tmp_path, names):
    write(tmp_path / "cut.npz", b"PK\x03\x04")
    with pytest.raises(DatasetError, match="truncated or damaged"):
        names(tmp_path / "cut.npz")


@only("several.npz")
def test_progress_of_reading_is_told(path):
    told = []

    def track(items, *, total, desc):
        told.append((total, desc))
        return items

    read_stack(path, array="first", track=track)
    assert told == [(1, "Opening several.npz")]


# What looks like a stack


def test_files_with_stacks_look_like_some(path):
    assert looks_like_stack(path)
    assert looks_like_stack(str(path))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_nothing_and_things_of_another_kind_look_like_none(tmp_path, suffix):
    assert not looks_like_stack(tmp_path / f"missing{suffix}")
    (tmp_path / f"folder{suffix}").mkdir()
    assert not looks_like_stack(tmp_path / f"folder{suffix}")
    assert not looks_like_stack(write(tmp_path / "text.txt", b"text"))


@pytest.mark.parametrize("name", ["cut.zip", "cut.npz"])
def test_damaged_files_are_meant_to_be_stacks(tmp_path, name):
    assert looks_like_stack(write(tmp_path / name, b"PK\x03\x04"))


# Writing


@pytest.fixture
def random_stack() -> FeatureStack:
    values = np.random.default_rng(5).integers(0, 256, (70, 65, 9)).astype(np.uint8)
    return FeatureStack(values=values, name="a", precision=8, value_range=(0, 5.5))


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".NPY", ".Zarr"])
def test_real_values_come_back_from_every_kind_of_file(tmp_path, random_stack, suffix):
    path = tmp_path / f"a{suffix}"
    write_array(str(path), random_stack)
    result, expected = restored(read_stack(path)), restored(random_stack)
    np.testing.assert_array_equal(result, expected)
    assert result.dtype == expected.dtype == np.float32


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".zarr"])
@pytest.mark.parametrize("dtype", ["?", *"bBhHiIqQefd"])
def test_arrays_of_every_type_and_shape_come_back_as_they_are(tmp_path, suffix, dtype):
    shapes = [(1, 1, 1), (6, 5, 4), (2, 6, 5, 4), (2, 1, 2, 3, 2, 4)]
    for number, shape in enumerate(shapes):
        values = np.random.default_rng(1).integers(0, 100, shape).astype(dtype)
        path = tmp_path / f"{number}{suffix}"
        write_array(path, FeatureStack(values=np.asfortranarray(values), name="a"))
        result = np.asarray(read_stack(path).values)
        assert result.dtype == values.dtype
        np.testing.assert_array_equal(result, values)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".zarr", ".hdr", ".tif"])
def test_values_that_are_not_finite_stay(tmp_path, suffix):
    values = np.ones((3, 4, 5), np.float32)
    values[0, 0, 0], values[1, 1, 1], values[2, 2, 2] = np.nan, np.inf, -0.0
    write_array(tmp_path / f"a{suffix}", FeatureStack(values=values, name="a"))
    result = np.asarray(read_stack(tmp_path / f"a{suffix}").values)
    assert result.tobytes() == values.tobytes()


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_small_blocks_give_the_same_file(tmp_path, random_stack, monkeypatch, suffix):
    write_array(tmp_path / f"a{suffix}", random_stack)
    monkeypatch.setattr(array_blocks, "MOST_VALUES", 100)
    write_array(tmp_path / f"b{suffix}", random_stack)
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_stack_gives_the_same_bytes(tmp_path, random_stack, contents, suffix):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_array(tmp_path / folder / f"same{suffix}", random_stack)
    assert contents(tmp_path / "a") == contents(tmp_path / "b") != {}


@pytest.mark.parametrize("name", ["a.gif", "a", "zarr", "a.zip.part"])
def test_other_suffixes_are_refused(tmp_path, random_stack, name):
    for write_ in (check_array_suffix, lambda path: write_array(path, random_stack)):
        with pytest.raises(
            DatasetError, match=r"expected one of \.zip, \.npy, \.npz, \.zarr, \.hdr,"
        ):
            write_(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_existing_output_is_only_replaced_by_force(tmp_path, random_stack, suffix):
    path = tmp_path / f"a{suffix}"
    write_array(path, FeatureStack(values=np.zeros((1, 1, 1), np.uint8), name="old"))
    with pytest.raises(DatasetError, match="a file of this name"):
        write_array(path, random_stack)
    write_array(path, random_stack, force=True)
    np.testing.assert_array_equal(restored(read_stack(path)), restored(random_stack))


def large_stack() -> FeatureStack:
    return FeatureStack(values=np.ones((300, 300, 64), np.uint8), name="a")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_cancelled_writing_leaves_what_was_there(tmp_path, contents, suffix):
    path = tmp_path / f"a{suffix}"
    write_array(path, FeatureStack(values=np.zeros((1, 1, 1), np.uint8), name="old"))
    before = contents(tmp_path)
    with pytest.raises(CancelledError):
        write_array(
            path,
            large_stack(),
            force=True,
            track=lambda iterable, /, *, total, desc: islice(iterable, total - 1),
        )
    assert contents(tmp_path) == before


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_progress_of_writing_is_told(tmp_path, suffix):
    told = []

    def track(iterable, /, *, total, desc):
        for item in iterable:
            yield item
            told.append((total, desc))

    write_array(tmp_path / f"a{suffix}", large_stack(), track=track)
    last = [total for total, desc in told if desc == "Writing a"]
    assert last == [len(last)] * len(last)
    assert len(last) > 1


# Where a stack came from


def test_stack_remembers_its_file_its_array_and_its_axis(tmp_path, monkeypatch):
    values = np.arange(60.0).reshape(3, 4, 5)
    np.save(tmp_path / "a.npy", values)
    np.savez(tmp_path / "b.npz", flat=values[0], first=values, second=values)
    zarr.create_group(str(tmp_path / "c.zarr")).create_array("z", data=values)
    zarr.open_group(str(tmp_path / "c.zarr")).create_array("y", data=values[:2])
    monkeypatch.chdir(tmp_path)
    place = str(tmp_path)
    assert read_stack("a.npy").source == StackSource(f"{place}/a.npy")
    assert read_stack("a.npy", feature_axis=0).source.feature_axis == 0
    sources = [stack.source for stack in read_stacks("b.npz")]
    assert sources == [StackSource(f"{place}/b.npz", name) for name in ("first", "second")]
    for stack in read_stacks("c.zarr"):
        again = read_stack("c.zarr", array=stack.source.array)
        np.testing.assert_array_equal(again.values, stack.values)
        assert again.source == stack.source


def test_what_is_made_of_a_stack_has_no_source(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((3, 4, 5)))
    stack = read_stack(tmp_path / "a.npy")
    assert replace(stack, values=2 * stack.values).source is None


# The same cube in files of other programs


@pytest.fixture(
    params=["plain.h5", "emit.nc", "cf.nc4", "classic.nc", "v5.mat", "packed.mat", "v7.3.mat"]
)
def cube_path(tmp_path, request):
    path = tmp_path / request.param
    match request.param:
        case "plain.h5":
            with h5py.File(path, "w") as file:
                file["cube"] = cube_files.CUBE
                file["wavelength"] = cube_files.WAVELENGTHS
        case "emit.nc":
            cube_files.write_emit(path, cube_files.CUBE, bad_bands=())
        case "cf.nc4":
            cube_files.write_netcdf4(path, np.moveaxis(cube_files.CUBE, -1, 0))
        case "classic.nc":
            cube_files.write_classic_netcdf(path, np.moveaxis(cube_files.CUBE, -1, 0))
        case "v7.3.mat":
            cube_files.write_matlab_hdf5(
                path, cube=cube_files.CUBE, wavelengths=cube_files.WAVELENGTHS[None].astype("f8")
            )
        case _:
            savemat(
                path,
                {"cube": cube_files.CUBE, "wavelengths": cube_files.WAVELENGTHS},
                do_compression=True,
            )
    return path


@pytest.mark.parametrize("fits", [True, False])
def test_same_cube_gives_the_same_map_from_each_format(cube_path, monkeypatch, fits):
    monkeypatch.setattr(features_last, "fits_memory", lambda _: fits)
    expected = similarity_map(FeatureStack(values=cube_files.CUBE, name="cube"), (2, 3))
    stack = read_stack(cube_path)
    assert stack.is_lazy != fits
    assert not stack.is_axis_guessed
    np.testing.assert_allclose(similarity_map(stack, (2, 3)), expected, atol=1e-6)
