from __future__ import annotations

import io
import sys
import zipfile
from concurrent.futures import CancelledError
from pathlib import Path

import numpy as np
import pytest
from dataset_files import write
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from real_arrays import NO_STACKS, trapped_array

from limited_memory import MEGABYTE, outcome
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import (
    array_names,
    looks_like_stack,
    read_stacks,
    stack_names,
    write_array,
)
from napari_ifealid.formats.npz import read_npz
from napari_ifealid.stack import FeatureStack, Placement

CUBE = np.arange(60, dtype=np.float32).reshape(3, 4, 5)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "cube.npz"


def saved(path: Path, array: np.ndarray) -> Path:
    np.savez(path, array)
    return path


def npy(array: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, **options)
    return stream.getvalue()


def npz_of(path: Path, content: bytes, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("cube.npy", content)
    return path


def error_of(path: Path) -> DatasetError:
    with pytest.raises(DatasetError) as caught:
        read_stacks(path)
    error = caught.value
    assert error.file == str(path)
    assert error.remedy
    return error


# A single array


@pytest.mark.parametrize(
    "dtype", ["?", "i1", "u1", "<i2", "<u4", "<i8", "<f2", "<f4", "<f8", ">f4", ">u2"]
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_real_numbers_of_every_type_and_order_are_read(path, dtype, order):
    array = CUBE.astype(dtype, order=order)
    (stack,) = read_stacks(saved(path, array))
    assert stack.values.dtype == np.dtype(dtype).newbyteorder("=")
    assert stack.values.dtype.isnative
    np.testing.assert_array_equal(stack.values, array)


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 3, 4, 5), (2, 2, 2, 2, 2)])
def test_any_number_of_spatial_axes_is_read(path, shape):
    (stack,) = read_stacks(saved(path, np.ones(shape)))
    assert stack.values.shape == shape


def test_some_values_that_are_not_finite_are_no_error(path):
    array = np.full((3, 4, 5), np.nan)
    array[-1, -1, -1] = 1
    (stack,) = read_stacks(saved(path, array))
    np.testing.assert_array_equal(stack.values, array)


@pytest.mark.parametrize(("array", "found"), NO_STACKS)
def test_array_that_is_no_feature_stack_is_an_error(path, array, found):
    assert found in error_of(saved(path, array)).found


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_of_the_format_is_read(path, version):
    (stack,) = read_stacks(npz_of(path, npy(CUBE, version=version)))
    np.testing.assert_array_equal(stack.values, CUBE)


def test_file_that_is_not_from_numpy_is_an_error(path):
    assert "no NumPy array" in error_of(write(path, b"something else")).found


def test_missing_file_is_no_such_file(path):
    assert error_of(path).found == "no such file"


def test_pickled_object_is_not_loaded(path):
    assert "object" in error_of(saved(path, trapped_array())).found


# Several arrays


def test_each_stack_of_an_npz_is_read_and_other_arrays_are_skipped(tmp_path):
    path = tmp_path / "several.npz"
    np.savez_compressed(path, a=CUBE, b=CUBE[:2], mean=CUBE.mean((0, 1)), names=np.array(["x"]))
    first, second = read_stacks(path)
    assert [first.name, second.name] == ["several.npz: a", "several.npz: b"]
    np.testing.assert_array_equal(first.values, CUBE)
    np.testing.assert_array_equal(second.values, CUBE[:2])


def test_progress_that_ends_early_gives_not_some_of_the_stacks(tmp_path):
    np.savez(tmp_path / "several.npz", a=CUBE, b=CUBE)
    with pytest.raises(CancelledError):
        read_stacks(tmp_path / "several.npz", track=lambda stacks, **_: stacks[:1])


def test_single_stack_of_an_npz_is_named_after_the_file(tmp_path):
    np.savez(tmp_path / "one.npz", features=CUBE, other=np.array([None]))
    (stack,) = read_stacks(tmp_path / "one.npz")
    assert stack.name == "one.npz"


def test_npz_without_a_stack_lists_its_arrays(tmp_path):
    np.savez(tmp_path / "none.npz", mean=np.ones(5), image=np.ones((3, 4), int))
    found = error_of(tmp_path / "none.npz").found
    assert "mean (5,) float64" in found
    assert "image (3, 4) int64" in found


def test_npz_without_a_stack_lists_no_more_than_ten_arrays(tmp_path):
    np.savez(tmp_path / "none.npz", **{f"array{number}": np.ones(5) for number in range(12)})
    found = error_of(tmp_path / "none.npz").found
    assert "array9" in found
    assert "array10" not in found
    assert found.endswith("and 2 more")


def test_names_tell_which_arrays_are_feature_stacks(tmp_path):
    path = tmp_path / "several.npz"
    np.savez(path, b=CUBE, mean=CUBE.mean((0, 1)), a=CUBE[:2], empty=CUBE[:0])
    assert array_names(path) == {"b": True, "mean": False, "a": True, "empty": False}
    assert stack_names(path) == ["b", "a"]


def test_names_of_a_damaged_npz_are_an_error(tmp_path):
    np.savez(tmp_path / "cube.npz", CUBE)
    content = (tmp_path / "cube.npz").read_bytes()
    with pytest.raises(DatasetError, match="truncated"):
        stack_names(write(tmp_path / "cube.npz", content[:-30]))


def test_array_that_is_not_asked_for_is_not_read(tmp_path, free_memory):
    path = tmp_path / "several.npz"
    np.savez(path, small=CUBE, large=np.ones((100, 100, 100)))
    with free_memory(2_000_000):
        (stack,) = read_npz(path, array="small")
    np.testing.assert_array_equal(stack.values, CUBE)


def test_missing_array_is_named_with_those_that_are_there(tmp_path):
    np.savez(tmp_path / "several.npz", a=CUBE, b=CUBE)
    with pytest.raises(DatasetError) as caught:
        read_npz(tmp_path / "several.npz", array="c")
    assert "'c'" in caught.value.found
    assert "a (3, 4, 5) float32; b (3, 4, 5) float32" in caught.value.found


def test_empty_npz_is_an_error(tmp_path):
    np.savez(tmp_path / "none.npz")
    assert error_of(tmp_path / "none.npz").found.endswith("none")


def test_truncated_npz_is_an_error(tmp_path):
    np.savez(tmp_path / "cube.npz", CUBE)
    content = (tmp_path / "cube.npz").read_bytes()
    assert "truncated" in error_of(write(tmp_path / "cube.npz", content[:-30])).found


def test_wrong_checksum_in_an_npz_names_the_array(tmp_path):
    path = tmp_path / "cube.npz"
    np.savez(path, good=CUBE, cube=CUBE[::-1])
    content = bytearray(path.read_bytes())
    content[bytes(content).rindex(CUBE[1].tobytes())] ^= 1
    error = error_of(write(path, bytes(content)))
    assert error.member == "cube.npy"
    assert "CRC" in error.found


@pytest.mark.parametrize("change", [-4, 4])
def test_array_of_another_length_than_its_header_says_is_an_error(tmp_path, change):
    content = npy(CUBE)
    content = content[:change] if change < 0 else content + bytes(change)
    assert error_of(npz_of(tmp_path / "cube.npz", content)).member == "cube.npy"


def test_unusual_packing_of_an_npz_is_an_error(tmp_path):
    path = npz_of(tmp_path / "cube.npz", npy(CUBE), zipfile.ZIP_BZIP2)
    assert "savez_compressed" in error_of(path).remedy


def test_npz_of_more_than_the_free_memory_is_not_loaded(tmp_path, free_memory):
    np.savez_compressed(tmp_path / "zeros.npz", np.zeros((100, 100, 100)))
    with free_memory(2_000_000):
        error = error_of(tmp_path / "zeros.npz")
    assert error.found == "a need for 8 MB of memory"
    assert "2 MB" in error.expected


@pytest.mark.parametrize(
    "arrays",
    [
        {"stride": [4.0, 4.0]},
        {"stride": [4.0, 4.0], "offset": [1.0]},
        {"stride": [0.0, 4.0], "offset": [1.0, 1.0]},
        {"stride": [4.0, 4.0], "offset": [np.nan, 1.0]},
    ],
)
def test_unusable_placement_is_left_out(tmp_path, arrays):
    np.savez(tmp_path / "a.npz", features=np.ones((2, 3, 4)), **arrays)
    (stack,) = read_npz(tmp_path / "a.npz")
    assert stack.placement is None


def test_placement_is_that_of_the_features_only(tmp_path):
    values = np.ones((2, 3, 4))
    np.savez(tmp_path / "a.npz", features=values, other=values, stride=[4, 4], offset=[0, 1.5])
    by_name = {stack.name: stack.placement for stack in read_npz(tmp_path / "a.npz")}
    assert by_name == {"a.npz: features": Placement((4, 4), (0, 1.5)), "a.npz: other": None}


@pytest.mark.parametrize(("member", "is_one"), [("a.npy", True), ("README", False)])
def test_archive_of_arrays_looks_like_a_stack(path, member, is_one):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, b"")
    assert looks_like_stack(path) == is_one


# Written


@given(arrays(st.sampled_from(["f4", "i8", "g"]), array_shapes(min_dims=3, max_dims=5)))
@settings(max_examples=30)
def test_what_is_written_is_read_by_numpy(tmp_path_factory, values):
    path = tmp_path_factory.getbasetemp() / "for_numpy.npz"
    write_array(path, FeatureStack(values=values, name="a"), force=True)
    with np.load(path) as written:
        assert written.files == ["features"]
        np.testing.assert_array_equal(written["features"], values)
        assert written["features"].dtype == values.dtype


def test_placement_is_written_beside_the_features(path):
    stack = FeatureStack(values=CUBE, name="a", placement=Placement((4.0, 8.0), (1.5, 0.0)))
    write_array(path, stack)
    with np.load(path) as written:
        assert written["stride"].tolist() == [4.0, 8.0]
        assert written["offset"].tolist() == [1.5, 0.0]
    (again,) = read_npz(path)
    assert again.placement == stack.placement


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of memory is Linux's")
def test_header_that_unpacks_to_gigabytes_is_refused(tmp_path):
    start = b"\x93NUMPY\2\0" + (300 * MEGABYTE).to_bytes(4, "little")
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", start + b" " * (300 * MEGABYTE))
    assert (tmp_path / "bomb.npz").stat().st_size < MEGABYTE
    reader = "from napari_ifealid.formats import read_stacks"
    found = outcome(reader, "read_stacks(path)", tmp_path / "bomb.npz", spare=100 * MEGABYTE)
    assert found == "no NumPy array that can be read (a header of 314,572,800 bytes)"


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of memory is Linux's")
def test_a_hundred_million_features_cost_no_label_each(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", np.zeros((1, 1, 100_000_000), np.uint8))
    tell = "(one,) = read_stacks(path); print(one.values.shape)"
    reader = "from napari_ifealid.formats import read_stacks"
    found = outcome(reader, tell, tmp_path / "a.npz", spare=400 * MEGABYTE)
    assert found == "(1, 1, 100000000)"
