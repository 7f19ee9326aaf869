from __future__ import annotations

import io
import zipfile
from concurrent.futures import CancelledError
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
from dataset_files import write

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import read_stacks
from napari_ifealid.formats.numpy_arrays import read_npz, stack_names
from napari_ifealid.stack import Placement

CUBE = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
NAN_CUBE = np.full((3, 4, 5), np.nan)


def npy(array: np.ndarray, **options: bool) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


@pytest.fixture(params=["cube.npy", "cube.npz"])
def save(tmp_path, request):
    """Save an array as either kind of file."""

    def save_array(array: np.ndarray) -> Path:
        path = tmp_path / request.param
        if path.suffix == ".npy":
            np.save(path, array)
        else:
            np.savez(path, array)
        return path

    return save_array


def error_of(path: Path) -> DatasetError:
    with pytest.raises(DatasetError) as caught:
        read_stacks(path)
    error = caught.value
    assert error.file == str(path)
    assert error.remedy
    return error


def test_npy_stays_in_its_file(tmp_path):
    np.save(tmp_path / "cube.npy", CUBE)
    (stack,) = read_stacks(tmp_path / "cube.npy")
    assert isinstance(stack.values, np.memmap)
    assert stack.name == "cube.npy"
    np.testing.assert_array_equal(stack.values, CUBE)


def test_shared_array_is_read(shared_data):
    path = shared_data / "synthetic_23x17x9.npy"
    (stack,) = read_stacks(path)
    np.testing.assert_array_equal(stack.values, np.load(path))


@pytest.mark.parametrize(
    "dtype", ["?", "i1", "u1", "<i2", "<u4", "<i8", "<f2", "<f4", "<f8", ">f4", ">u2"]
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_real_numbers_of_every_type_and_order_are_read(save, dtype, order):
    array = CUBE.astype(dtype, order=order)
    (stack,) = read_stacks(save(array))
    assert stack.values.dtype == np.dtype(dtype).newbyteorder("=")
    assert stack.values.dtype.isnative
    np.testing.assert_array_equal(stack.values, array)


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 3, 4, 5), (2, 2, 2, 2, 2)])
def test_any_number_of_spatial_axes_is_read(save, shape):
    (stack,) = read_stacks(save(np.ones(shape)))
    assert stack.values.shape == shape


def test_some_values_that_are_not_finite_are_no_error(save):
    array = NAN_CUBE.copy()
    array[-1, -1, -1] = 1
    (stack,) = read_stacks(save(array))
    np.testing.assert_array_equal(stack.values, array)


@pytest.mark.parametrize(
    ("array", "found"),
    [
        (np.ones((4, 5)), "(4, 5)"),
        (np.ones(()), "()"),
        (np.ones((3, 0, 5)), "(3, 0, 5)"),
        (np.ones((3, 4, 5), complex), "complex128"),
        (np.full((3, 4, 5), "text"), "<U4"),
        (np.full((3, 4, 5), "2024-01-01", "M8[D]"), "datetime64"),
        (np.zeros((3, 4, 5), [("band", "f4")]), "band"),
        (np.full((3, 4, 5), None), "object"),
        (NAN_CUBE, "no finite value"),
        (np.full((3, 4, 5), np.inf), "no finite value"),
    ],
)
def test_array_that_is_no_feature_stack_is_an_error(save, array, found):
    assert found in error_of(save(array)).found


def test_looking_for_a_finite_value_stops_at_the_first(tmp_path, monkeypatch):
    looked_at = []
    isfinite = np.isfinite
    monkeypatch.setattr(
        np, "isfinite", lambda piece: looked_at.append(piece.size) or isfinite(piece)
    )
    array = np.ones((100, 100, 100))
    array[0] = np.nan
    np.save(tmp_path / "cube.npy", array)
    read_stacks(tmp_path / "cube.npy")
    assert sum(looked_at) < array.size / 4


@pytest.mark.parametrize("length", [0, 4, 7, 50, 130, 300])
def test_truncated_npy_is_an_error(tmp_path, length):
    content = npy(CUBE)
    assert length < len(content)
    error_of(write(tmp_path / "cube.npy", content[:length]))


@pytest.mark.parametrize("damage", [b"(", b'"', b"{", b"\x00", b"\n x"])
def test_damaged_header_is_an_error(tmp_path, damage):
    content = npy(CUBE)
    at = content.index(b"'fortran_order'")
    content = content[:at] + damage + content[at + len(damage) :]
    assert "no NumPy array" in error_of(write(tmp_path / "cube.npy", content)).found


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_file_that_is_not_from_numpy_is_an_error(tmp_path, suffix):
    assert "no NumPy array" in error_of(write(tmp_path / f"a{suffix}", b"something else")).found


def test_missing_file_is_an_error(tmp_path):
    for name in ("missing.npy", "missing.npz"):
        assert "nothing that can be read" in error_of(tmp_path / name).found


@pytest.mark.parametrize("shape", [(-1, 4, 5), (2**62, 2**62, 2**62), (1,) * 100])
def test_impossible_shape_is_an_error(tmp_path, shape):
    header = np.lib.format
    stream = io.BytesIO()
    header.write_array_header_1_0(stream, {"descr": "<f4", "fortran_order": False, "shape": shape})
    error_of(write(tmp_path / "cube.npy", stream.getvalue()))


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_of_the_format_is_read(tmp_path, version):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, CUBE, version=version)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("cube.npy", stream.getvalue())
    write(tmp_path / "a.npy", stream.getvalue())
    for name in ("a.npy", "a.npz"):
        (stack,) = read_stacks(tmp_path / name)
        np.testing.assert_array_equal(stack.values, CUBE)


# Archives


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


def test_names_are_those_of_the_feature_stacks(tmp_path):
    path = tmp_path / "several.npz"
    np.savez(path, b=CUBE, mean=CUBE.mean((0, 1)), a=CUBE[:2], empty=CUBE[:0])
    assert stack_names(path) == ["b", "a"]


def test_names_of_a_damaged_npz_are_an_error(tmp_path):
    np.savez(tmp_path / "cube.npz", CUBE)
    content = (tmp_path / "cube.npz").read_bytes()
    with pytest.raises(DatasetError, match="truncated"):
        stack_names(write(tmp_path / "cube.npz", content[:-30]))


def test_array_that_is_not_asked_for_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "several.npz"
    np.savez(path, small=CUBE, large=np.ones((100, 100, 100)))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=2_000_000))
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


def npz_of(path: Path, content: bytes, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("cube.npy", content)
    return path


@pytest.mark.parametrize("change", [-4, 4])
def test_array_of_another_length_than_its_header_says_is_an_error(tmp_path, change):
    content = npy(CUBE)
    content = content[:change] if change < 0 else content + bytes(change)
    assert error_of(npz_of(tmp_path / "cube.npz", content)).member == "cube.npy"


def test_unusual_packing_of_an_npz_is_an_error(tmp_path):
    path = npz_of(tmp_path / "cube.npz", npy(CUBE), zipfile.ZIP_BZIP2)
    assert "savez_compressed" in error_of(path).remedy


def test_npz_of_more_than_the_free_memory_is_not_loaded(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "zeros.npz", np.zeros((100, 100, 100)))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=2_000_000))
    found = error_of(tmp_path / "zeros.npz").found
    assert "8 MB of memory" in found


def test_npy_of_more_than_the_free_memory_is_memory_mapped_all_the_same(tmp_path, monkeypatch):
    np.save(tmp_path / "cube.npy", CUBE)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=10))
    (stack,) = read_stacks(tmp_path / "cube.npy")
    np.testing.assert_array_equal(stack.values, CUBE)


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_pickled_object_is_not_loaded(tmp_path, suffix):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("unpickled",))

    array = np.empty((1, 1, 1), object)
    array[0, 0, 0] = Trap()
    path = tmp_path / f"trap{suffix}"
    if suffix == ".npy":
        np.save(path, array, allow_pickle=True)
    else:
        np.savez(path, array)
    assert "object" in error_of(path).found


def test_content_counts_more_than_the_suffix(tmp_path):
    write(tmp_path / "really_npy.npz", npy(CUBE))
    np.savez(tmp_path / "a.npz", CUBE)
    (tmp_path / "a.npz").rename(tmp_path / "really_npz.npy")
    for name in ("really_npy.npz", "really_npz.npy"):
        (stack,) = read_stacks(tmp_path / name)
        np.testing.assert_array_equal(stack.values, CUBE)


def test_other_kind_of_file_is_an_error(tmp_path):
    error = error_of(write(tmp_path / "cube.tif", b"II*\x00"))
    assert "'.tif'" in error.found
    assert ".npz" in error.expected


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
