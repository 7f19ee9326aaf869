from __future__ import annotations

import numpy as np
import pytest
import zarr
from dataset_files import dataset, write

import napari_ifealid
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import is_npz, named_stacks, read_stack

CUBE = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
BYTES = CUBE.astype(np.uint8)


@pytest.fixture(params=["cube.npy", "cube.npz", "several.npz", "cube.zip", "cube.zarr"])
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


@only("cube.npy", "cube.npz", "cube.zip", "cube.zarr")
def test_only_stack_of_a_file_is_read(path):
    np.testing.assert_array_equal(read_stack(path).values, CUBE)


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


@only("cube.npy")
def test_array_with_its_features_elsewhere_stays_in_its_file(path):
    assert isinstance(read_stack(path, feature_axis=0).values, np.memmap)


@only("cube.npy", "cube.npz", "cube.zarr")
@pytest.mark.parametrize("axis", [3, -4, 100])
def test_axis_that_the_array_lacks_is_an_error(path, axis):
    error = error_of(path, feature_axis=axis)
    assert f"no axis {axis}" in error.found
    assert "(3, 4, 5)" in error.found


@only("cube.zip")
@pytest.mark.parametrize("axis", [-1, 2])
def test_features_of_a_dataset_lie_along_the_last_axis(path, axis):
    assert read_stack(path, feature_axis=axis).values.shape == (3, 4, 5)


@only("cube.zip")
@pytest.mark.parametrize("axis", [0, 1, -3])
def test_other_axis_of_a_dataset_is_an_error(path, axis):
    assert "the last one for a ZIP" in error_of(path, feature_axis=axis).expected


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".zip", ".zarr", ".tif"])
def test_missing_file_is_an_error(tmp_path, suffix):
    error_of(tmp_path / f"missing{suffix}")


def test_content_tells_whether_a_file_holds_named_arrays(path):
    assert is_npz(path) == (path.suffix == ".npz")


def test_npz_of_another_suffix_holds_named_arrays(tmp_path):
    np.savez(tmp_path / "a.npz", CUBE)
    assert is_npz((tmp_path / "a.npz").rename(tmp_path / "a.npy"))


def test_names_of_the_stacks_are_told_where_they_have_any(path):
    names = {"cube.npz": ["cube"], "several.npz": ["first", "second"]}
    assert named_stacks(path) == names.get(path.name)


@only("several.npz")
def test_progress_is_told(path):
    told = []

    def track(items, *, total, desc):
        told.append((total, desc))
        return items

    read_stack(path, array="first", track=track)
    assert told == [(1, "Opening several.npz")]
