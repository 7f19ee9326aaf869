from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import fsspec
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from napari_ifealid import FeatureStack, read_stack, write_stack
from napari_ifealid.bands import Bands
from napari_ifealid.cli import main
from napari_ifealid.formats import restored, write_array
from napari_ifealid.georeference import PixelSize

INTEGERS = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]


def convert(*arguments: object) -> int:
    return main(["convert", *map(str, arguments)])


def read(path: Path) -> np.ndarray:
    match path.suffix:
        case ".npy":
            return np.load(path)
        case ".npz":
            with np.load(path) as arrays_by_name:
                return arrays_by_name["features"]
        case _:
            return zarr.open_array(path, mode="r")[:]


@st.composite
def narrow_integers(draw: st.DrawFn) -> tuple[np.ndarray, int]:
    """Integers of no more different values than the numbers of a precision, and the precision."""
    dtype = np.dtype(draw(st.sampled_from(INTEGERS)))
    precision = draw(st.sampled_from([8, 16, 32]))
    limits = np.iinfo(dtype)
    low = draw(st.integers(int(limits.min), int(limits.max)))
    high = min(low + 2**precision - 1, int(limits.max))
    shape = draw(array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=6))
    return draw(arrays(dtype, shape, elements=st.integers(low, high))), precision


@given(narrow_integers())
@settings(max_examples=60)
def test_integers_come_back_bit_for_bit(array_and_precision):
    array, precision = array_and_precision
    with TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "a.npy", array)
        source, dataset, result = (
            str(folder / part) for part in ("a.npy", f"a.npy.{precision}.zip", "b.npy")
        )
        assert main(["create", source, "-p", str(precision)]) == 0
        assert main(["convert", dataset, result]) == 0
        assert Path(result).read_bytes() == Path(source).read_bytes()


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".zarr"])
def test_real_dataset_becomes_its_real_values(shared_data, tmp_path, capsys, suffix):
    source = shared_data / "000000015746.jpg.C3.npz.8.zip"
    output = tmp_path / f"a{suffix}"
    assert convert(source, output) == 0
    result = read(output)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, read_stack(source).values / 255, rtol=0, atol=1e-7)
    told = capsys.readouterr().out
    assert told.startswith(f"Wrote {output}: an array of shape (40, 26, 1024), ")
    assert told.count("\n") == 1


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".zarr"])
@pytest.mark.parametrize("bits", [8, 16, 32])
def test_stored_numbers_are_written_on_request(shared_data, tmp_path, bits, suffix):
    source = shared_data / f"synthetic_23x17x9.{bits}.zip"
    output = tmp_path / f"a{suffix}"
    assert convert(source, output, "--stored") == 0
    result, stored = read(output), read_stack(source).values
    assert result.dtype == stored.dtype
    np.testing.assert_array_equal(result, stored)


def test_array_of_an_npz_and_its_axis_can_be_chosen(tmp_path, array):
    np.savez(tmp_path / "a.npz", first=array, second=-array.transpose(2, 0, 1))
    output = tmp_path / "b.npy"
    assert convert(tmp_path / "a.npz", output, "--array", "second", "--axis", "0") == 0
    np.testing.assert_array_equal(np.load(output), -array)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".zarr"])
def test_zarr_array_is_converted_and_may_be_replaced_by_itself(tmp_path, array, suffix):
    source = tmp_path / "a.zarr"
    zarr.create_array(str(source), data=array, chunks=(4, 2, 4), dimension_names=["c", "y", "x"])
    output = tmp_path / f"a{suffix}"
    assert convert(source, output, "--force") == 0
    np.testing.assert_array_equal(read(output), np.moveaxis(array, 0, -1))


def test_array_behind_a_url_is_converted(tmp_path, array):
    url = "memory://test_convert/a.zarr"
    zarr.create_array(url, data=array, chunks=(4, 2, 4))
    try:
        assert convert(url, tmp_path / "b.npy") == 0
    finally:
        fsspec.filesystem("memory").rm("/test_convert", recursive=True)
    np.testing.assert_array_equal(np.load(tmp_path / "b.npy"), array)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_array_becomes_a_dataset_that_loses_nothing(npy, array, capsys, dtype):
    values = (100 * array).astype(dtype)
    np.save(npy, values)
    output = npy.with_name("b.zip")
    assert convert(npy, output) == 0
    stack = read_stack(output)
    assert stack.precision == 8 * values.itemsize
    np.testing.assert_allclose(restored(stack), values, rtol=0, atol=1e-5)
    assert restored(stack).dtype == values.dtype


def test_dataset_becomes_a_dataset_with_all_that_it_had(stack, tmp_path):
    write_stack(tmp_path / "a.zip", stack)
    assert convert(tmp_path / "a.zip", tmp_path / "b.zip") == 0
    again = read_stack(tmp_path / "b.zip")
    np.testing.assert_array_equal(restored(again), stack.values)
    assert again.name == stack.name
    assert again.overlay.shape == stack.overlay.shape


def test_array_of_a_zarr_group_and_its_axis_can_be_chosen(tmp_path, array):
    group = zarr.create_group(str(tmp_path / "a.zarr"))
    group.create_array("first", data=array)
    group.create_array("second", data=-array.transpose(2, 0, 1))
    output = tmp_path / "b.npy"
    assert convert(tmp_path / "a.zarr", output, "--array", "second", "--axis", "0") == 0
    np.testing.assert_array_equal(np.load(output), -array)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".zarr"])
def test_existing_output_is_only_replaced_by_force(npy, array, tmp_path, capsys, suffix):
    output = tmp_path / f"b{suffix}"
    np.save(tmp_path / "old.npy", -array)
    assert convert(tmp_path / "old.npy", output) == 0
    assert convert(npy, output) == 2
    np.testing.assert_array_equal(read(output), -array)
    assert "--force" in capsys.readouterr().err
    assert convert(npy, output, "--force") == 0
    assert convert(npy, output, "--force") == 0
    np.testing.assert_array_equal(read(output), array)


def test_existing_output_is_refused_before_the_input_is_read(tmp_path, capsys):
    zarr.create_group(str(tmp_path / "b.zarr"))
    assert convert(tmp_path / "missing.zip", tmp_path / "b.zarr") == 2
    assert "a file of this name: b.zarr" in capsys.readouterr().err


def test_folder_that_is_no_zarr_is_not_replaced_even_by_force(npy, tmp_path, capsys):
    output = tmp_path / "b.zarr"
    output.mkdir()
    (output / "thesis.txt").write_text("three years of work")
    assert convert(npy, output, "--force") == 2
    assert [*output.iterdir()] == [output / "thesis.txt"]
    assert "no Zarr array or group: b.zarr" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["b.hdr", "b.npy"])
def test_folder_is_not_replaced_by_a_file_even_by_force(npy, tmp_path, capsys, name):
    (tmp_path / name).mkdir()
    before = {*tmp_path.iterdir()}
    assert convert(npy, tmp_path / name, "--force") == 2
    assert f"a folder of this name: {name}" in capsys.readouterr().err
    assert {*tmp_path.iterdir()} == before


def test_file_may_replace_itself(npy, array):
    assert convert(npy, npy, "--axis", "0", "--force") == 0
    np.testing.assert_array_equal(np.load(npy), np.moveaxis(array, 0, -1))


@pytest.mark.parametrize("name", ["b.ZIP.part", "b", "b.gif"])
def test_output_of_another_kind_is_refused_before_the_input_is_read(tmp_path, capsys, name):
    assert convert(tmp_path / "missing.zip", tmp_path / name) == 2
    error = capsys.readouterr().err
    assert "expected one of .zip, .npy, .npz, .zarr" in error
    assert error.count("\n") == 1


def test_bad_input_leaves_nothing(tmp_path, capsys):
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04")
    assert convert(tmp_path / "a.zip", tmp_path / "b.zarr") == 2
    assert "napari-ifealid: a truncated or damaged ZIP file" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_zarr_becomes_an_envi_cube_and_back(tmp_path, capsys):
    values = np.random.default_rng(0).random((3, 4, 5)).astype(np.float32)
    zarr.create_array(str(tmp_path / "cube.zarr"), data=values)
    assert convert(tmp_path / "cube.zarr", tmp_path / "cube.hdr") == 0
    files = [tmp_path / "cube.hdr", tmp_path / "cube.img"]
    size = sum(file.stat().st_size for file in files)
    assert f"an array of shape (3, 4, 5), {size} bytes" in capsys.readouterr().out
    np.testing.assert_array_equal(read_stack(tmp_path / "cube.hdr").values, values)
    assert convert(tmp_path / "cube.img", tmp_path / "b.npy") == 0
    np.testing.assert_array_equal(np.load(tmp_path / "b.npy"), values)
    assert convert(tmp_path / "cube.zarr", tmp_path / "cube.hdr") == 2
    assert "a file of this name: cube.hdr" in capsys.readouterr().err


def test_values_of_an_envi_cube_are_not_named_for_writing(tmp_path, capsys):
    zarr.create_array(str(tmp_path / "cube.zarr"), data=np.ones((3, 4, 5)))
    assert convert(tmp_path / "cube.zarr", tmp_path / "cube.img") == 2
    assert "the suffix '.img'" in capsys.readouterr().err


CUBE = FeatureStack(
    values=np.random.default_rng(0).integers(0, 9, (3, 4, 5)).astype(np.uint8),
    name="cube",
    feature_labels=[f"{number}.24 nm" for number in range(418, 423)],
    bands=Bands(widths=(5.5,) * 5, is_good=(True, False, True, True, True)),
    pixel_size=PixelSize((2.0, 2.0), "m"),
)


def test_what_a_format_does_not_keep_is_told_in_one_line(tmp_path, capsys):
    write_array(tmp_path / "cube.hdr", CUBE)
    told = {}
    for suffix in (".npy", ".NPY", ".zip", ".tif", ".npz", ".zarr"):
        (tmp_path / suffix).mkdir()
        assert convert(tmp_path / "cube.hdr", tmp_path / suffix / f"b{suffix}") == 0
        told[suffix] = capsys.readouterr().err
    all_of_it = "wavelengths, band widths, bad bands, pixel size"
    assert told == {
        ".npy": f"napari-ifealid: Not kept by .npy: {all_of_it}\n",
        ".NPY": f"napari-ifealid: Not kept by .npy: {all_of_it}\n",
        ".zip": f"napari-ifealid: Not kept by .zip: {all_of_it.partition(', ')[2]}\n",
        ".tif": "napari-ifealid: Not kept by .tif: pixel size\n",
        ".npz": "",
        ".zarr": "",
    }


def test_cube_larger_than_the_memory_becomes_a_zarr(tmp_path, free_memory):
    write_array(tmp_path / "cube.hdr", CUBE)
    with free_memory(0):
        assert convert(tmp_path / "cube.hdr", tmp_path / "cube.zarr") == 0
    np.testing.assert_array_equal(read(tmp_path / "cube.zarr"), CUBE.values)
    assert read_stack(tmp_path / "cube.zarr").bands == CUBE.bands
