from __future__ import annotations

import json
import sys
from dataclasses import fields, replace
from pathlib import Path

import fsspec
import h5py
import numpy as np
import pytest
import zarr

from example_server import files, serving
from limited_memory import MEGABYTE, outcome
from napari_ifealid import FeatureStack, lazy_arrays, read_stack, write_stack
from napari_ifealid.bands import Bands
from napari_ifealid.cache_folder import CACHE_VARIABLE
from napari_ifealid.cli import main
from napari_ifealid.cli.stack_summary import StackSummary
from napari_ifealid.engines import CpuEngine
from napari_ifealid.engines.engine_memory import USUAL_TEXTURE_SIDE
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.engines.texture_blocks import BlockLayout, texel_dtype
from napari_ifealid.formats import WebApplicationWarning, blocks, restored, write_array
from napari_ifealid.georeference import Georeference, PixelSize
from napari_ifealid.layers import default_placement
from napari_ifealid.stack import Placement

UTM = (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633)


@pytest.fixture
def info(capsys):
    """Returns what is told of a file as JSON."""

    def told(path: Path | str) -> dict:
        assert main(["info", str(path), "--json"]) == 0
        return json.loads(capsys.readouterr().out, parse_constant=pytest.fail)

    return told


@pytest.fixture
def info_of_one(info):
    def told(path: Path) -> dict:
        (stack,) = info(path)["stacks"]
        return stack

    return told


def texture_bytes(stack: FeatureStack) -> int:
    """Return the bytes of the textures that a stack fills."""
    pixels = PixelVectors.of(stack)
    layout = BlockLayout.of(stack.pixel_count, stack.feature_count, USUAL_TEXTURE_SIDE)
    dtype = texel_dtype(stack.values.dtype, is_scaled=pixels.is_scaled)
    features = layout.pack_vectors(np.zeros((layout.capacity, stack.feature_count), dtype))
    lengths = layout.pack_scalars(np.zeros(layout.capacity, np.float32))
    return len(layout.blocks) * (features.nbytes + lengths.nbytes)


@pytest.mark.parametrize(
    "name",
    [
        "000000015746.jpg.C1.npz.8.zip",
        "000000015746.jpg.C3.npz.8.zip",
        "synthetic_23x17x9.8.zip",
        "synthetic_23x17x9.16.zip",
        "synthetic_23x17x9.32.zip",
        "synthetic_23x17x9.npy",
    ],
)
def test_figures_are_those_of_the_file(shared_data, info, name):
    path = shared_data / name
    told = info(path)
    stack = read_stack(path)
    real = restored(stack)
    is_zero = (stack.values == 0).all(axis=-1)
    overlay = (None, None) if stack.overlay is None else stack.overlay.shape[:2]
    placement = default_placement(stack)
    assert told["file"] == str(path)
    assert told["file_size_bytes"] == len(path.read_bytes())
    assert told["skipped_arrays"] == []
    assert told["stacks"] == [
        {
            "name": stack.name,
            "array": None,
            "shape": list(stack.values.shape),
            "height": stack.values.shape[0],
            "width": stack.values.shape[1],
            "features": stack.values.shape[2],
            "padding_features": 0,
            "feature_labels": None,
            "is_axis_guessed": False,
            "wavelength_range": None,
            "wavelength_unit": None,
            "band_widths": None,
            "bad_bands": None,
            "shown_bands": [],
            "channel_colours": None,
            "picture": None,
            "gain": 1.0,
            "missing_value": None,
            "pixel_size": None,
            "pixel_unit": None,
            "upper_left": None,
            "reference_system": None,
            "overlay_height": overlay[0],
            "overlay_width": overlay[1],
            "stride": None,
            "offset": None,
            "shown_stride": None if stack.overlay is None else placement[0][-2:],
            "shown_offset": None if stack.overlay is None else placement[1][-2:],
            "precision_bits": stack.precision,
            "stored_dtype": str(stack.values.dtype),
            "real_dtype": str(real.dtype),
            "minimum": float(real.min()),
            "maximum": float(real.max()),
            "all_zero_pixels": int(is_zero.sum()),
            "share_of_all_zero_pixels": pytest.approx(is_zero.mean()),
            "nonfinite_pixels": 0,
            "pixels_without_values": 0,
            "share_of_pixels_without_values": 0.0,
            "cpu_memory_bytes": stack.values.nbytes + CpuEngine(PixelVectors.of(stack)).memory,
            "gpu_memory_bytes": texture_bytes(stack),
        }
    ]


def test_some_figures_are_known(shared_data, info_of_one):
    first = info_of_one(shared_data / "000000015746.jpg.C1.npz.8.zip")
    assert first["shape"] == [160, 106, 256]
    assert (first["overlay_height"], first["overlay_width"]) == (640, 427)
    assert info_of_one(shared_data / "synthetic_23x17x9.npy")["share_of_all_zero_pixels"] > 0


@pytest.mark.parametrize("dtype", ["?", "i1", "i2", "i8", "u8", "f2", "f4", "f8", "g"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_every_type_and_order(npy, array, info_of_one, dtype, order):
    values = (100 * array).astype(dtype, order=order)
    np.save(npy, values)
    told = info_of_one(npy)
    stack = read_stack(npy)
    pixels = PixelVectors.of(stack)
    copied = 0 if np.shares_memory(pixels.stored, stack.values) else values.nbytes
    assert told["stored_dtype"] == told["real_dtype"] == values.dtype.name
    assert (told["minimum"], told["maximum"]) == (float(values.min()), float(values.max()))
    assert told["all_zero_pixels"] == np.count_nonzero(~values.any(axis=-1)) >= 2
    assert told["cpu_memory_bytes"] == values.nbytes + copied + CpuEngine(pixels).memory
    assert told["gpu_memory_bytes"] == texture_bytes(stack)


def test_extremes_of_large_integers_are_exact(npy, info_of_one):
    values = np.full((2, 3, 4), 2**63 - 1, np.int64)
    values[0, 0, 0] = -(2**63)
    np.save(npy, values)
    told = info_of_one(npy)
    assert (told["minimum"], told["maximum"]) == (-(2**63), 2**63 - 1)


def test_values_that_are_not_finite_are_counted_and_left_out(npy, array, info_of_one, capsys):
    array[1, 1, :3] = np.nan
    array[2, 2, 8] = -np.inf
    np.save(npy, array)
    told = info_of_one(npy)
    assert told["nonfinite_pixels"] == 2
    finite = array[np.isfinite(array)]
    assert (told["minimum"], told["maximum"]) == (float(finite.min()), float(finite.max()))
    assert told["all_zero_pixels"] == 2
    assert main(["info", str(npy)]) == 0
    assert "2 pixels with a NaN or an infinity" in capsys.readouterr().out


@pytest.mark.skipif(np.finfo("g").max == sys.float_info.max, reason="long doubles are doubles here")
def test_number_beyond_the_largest_float_is_null(npy, info_of_one):
    values = np.ones((2, 3, 4), "g")
    values[0, 0, 0] = np.ldexp(np.longdouble(1), 5000)
    np.save(npy, values)
    told = info_of_one(npy)
    assert (told["minimum"], told["maximum"]) == (1.0, None)


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_figures_of_small_blocks_are_those_of_the_whole(npy, array, info, monkeypatch, axes):
    array[3, 3, 3] = np.nan
    np.save(npy, array.transpose(axes))
    whole = info(npy)
    monkeypatch.setattr(blocks, "MOST_VALUES", 7)
    assert info(npy) == whole


def test_pixels_are_zero_by_their_real_values(tmp_path, array, info_of_one):
    signed = np.round(array * 255 - 128)
    signed[2, 3] = 0
    write_quietly(tmp_path / "a.zip", signed, precision=8)
    told = info_of_one(tmp_path / "a.zip")
    assert told["all_zero_pixels"] == np.count_nonzero(~signed.any(axis=-1)) == 1
    assert told["minimum"] == signed.min()


def write_quietly(path: Path, values: np.ndarray, **options: object) -> None:
    with pytest.warns(WebApplicationWarning):
        write_stack(path, FeatureStack(values=values, name="a"), **options)


def test_padding_labels_and_type_are_told(tmp_path, array, info_of_one, capsys):
    stack = FeatureStack(
        values=(array * 1000).astype(np.int32), name="a", feature_labels=[*range(400, 480, 10), "x"]
    )
    write_stack(tmp_path / "a.zip", stack, precision=16, pad_for_web=True)
    told = info_of_one(tmp_path / "a.zip")
    assert (told["features"], told["padding_features"]) == (9, 4)
    assert told["feature_labels"] == [*range(400, 480, 10), "x"]
    assert (told["stored_dtype"], told["real_dtype"]) == ("uint16", "int32")
    assert told["maximum"] == int(stack.values.max())
    assert main(["info", str(tmp_path / "a.zip")]) == 0
    text = capsys.readouterr().out
    assert "400 … x" in text
    assert "4, all zero and hidden" in text
    assert "16 bit, for values of type int32" in text


def test_each_stack_of_an_npz_is_told_and_the_others_are_named(tmp_path, array, info, capsys):
    path = tmp_path / "a.npz"
    np.savez(path, first=array, flat=np.ones((3, 4)), second=array[:, :, :2], text=np.array("x"))
    told = info(path)
    assert [stack["array"] for stack in told["stacks"]] == ["first", "second"]
    assert [stack["features"] for stack in told["stacks"]] == [9, 2]
    assert told["skipped_arrays"] == ["flat", "text"]
    assert main(["info", str(path)]) == 0
    assert "skipped: flat, text" in capsys.readouterr().out


def test_each_stack_of_a_zarr_group_is_told_and_the_others_are_named(tmp_path, array, info, npy):
    path = tmp_path / "a.zarr"
    group = zarr.create_group(str(path))
    group.create_array("first", data=array, chunks=(4, 2, 4))
    group.create_array("flat", data=np.ones((3, 4)))
    group.create_array("second", data=array[:, :, :2])
    told = info(path)
    first, second = told["stacks"]
    assert told["skipped_arrays"] == ["flat"]
    assert told["file_size_bytes"] == sum(
        file.stat().st_size for file in path.rglob("*") if file.is_file()
    )
    assert (second["array"], second["features"]) == ("second", 2)
    (same,) = info(npy)["stacks"]
    assert first == same | {"name": "a.zarr", "array": "first", "is_axis_guessed": True}


def test_figures_of_a_zarr_array_read_in_small_blocks_are_those_of_the_whole(
    tmp_path, array, info, monkeypatch
):
    array[3, 3, 3] = np.nan
    zarr.create_array(str(tmp_path / "a.zarr"), data=array, chunks=(2, 3, 4))
    whole = info(tmp_path / "a.zarr")
    monkeypatch.setattr(blocks, "LAZY_VALUES", 7)
    assert info(tmp_path / "a.zarr") == whole


def test_figures_of_an_array_that_stays_in_its_file_are_those_of_one_in_memory(
    npy, array, info, free_memory, monkeypatch
):
    array[3, 3, 3] = np.nan
    np.save(npy, array)
    whole = info(npy)
    monkeypatch.setattr(lazy_arrays, "BLOCK_BYTES", 200)
    monkeypatch.setattr(blocks, "LAZY_VALUES", 7)
    with free_memory(0):
        assert info(npy) == whole


def test_figures_of_an_array_behind_a_url_are_those_of_one_in_a_folder(
    tmp_path, array, info, capsys
):
    url = "memory://test_info/a.zarr"
    for location in (str(tmp_path / "a.zarr"), url):
        zarr.create_array(location, data=array, chunks=(4, 2, 4))
    try:
        told = info(url)
        assert main(["info", url]) == 0
    finally:
        fsspec.filesystem("memory").rm("/test_info", recursive=True)
    text = capsys.readouterr().out
    assert text.startswith(f"{url}\n\nname                a.zarr\nsize                6 × 5 pixels")
    assert (told["file"], told["file_size_bytes"]) == (url, None)
    assert told["stacks"] == info(tmp_path / "a.zarr")["stacks"]


def test_array_on_a_web_server_is_described(tmp_path, array, info):
    pytest.importorskip("aiohttp", reason="fsspec reads http:// with aiohttp only")
    path = tmp_path / "a.zarr"
    zarr.create_array(str(path), data=array)
    contents = {
        file.relative_to(tmp_path).as_posix(): file.read_bytes()
        for file in path.rglob("*")
        if file.is_file()
    }
    with serving(files(contents)) as address:
        told = info(f"{address}/a.zarr")
    assert told["stacks"] == info(path)["stacks"]


def test_zarr_array_without_a_finite_value_is_one_clear_line_and_status_2(tmp_path, capsys):
    zarr.create_array(str(tmp_path / "a.zarr"), data=np.full((2, 3, 4), np.nan))
    assert main(["info", str(tmp_path / "a.zarr")]) == 2
    assert "no finite value" in capsys.readouterr().err


def test_damaged_chunk_is_one_clear_line_and_status_2(tmp_path, array, capsys):
    zarr.create_array(str(tmp_path / "a.zarr"), data=array)
    (tmp_path / "a.zarr/c/0/0/0").write_bytes(b"damaged")
    assert main(["info", str(tmp_path / "a.zarr")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("napari-ifealid: values that can't be read (")
    assert error.count("\n") == 1


def test_more_pixels_than_fit_the_memory_are_one_clear_line_and_status_2(tmp_path, capsys):
    zarr.create_array(
        str(tmp_path / "a.zarr"), shape=(2**30, 2**30, 2), chunks=(2**20, 2**20, 2), dtype="u1"
    )
    assert main(["info", str(tmp_path / "a.zarr")]) == 2
    assert "memory" in capsys.readouterr().err


def test_npz_without_a_stack_is_one_clear_line_and_status_2(tmp_path, capsys):
    np.savez(tmp_path / "a.npz", flat=np.ones((3, 4)))
    assert main(["info", str(tmp_path / "a.npz")]) == 2
    assert "no feature stack" in capsys.readouterr().err


def test_more_spatial_axes_are_told(npy, info_of_one, capsys):
    np.save(npy, np.ones((7, 2, 3, 4, 5), np.uint8))
    told = info_of_one(npy)
    assert told["shape"] == [7, 2, 3, 4, 5]
    assert (told["height"], told["width"], told["features"]) == (3, 4, 5)
    assert main(["info", str(npy)]) == 0
    assert "7 × 2 × 3 × 4 pixels × 5 features" in capsys.readouterr().out


def test_place_on_the_image_is_told(info_of_one, tmp_path, stack, capsys):
    path = tmp_path / "placed.zip"
    write_stack(path, replace(stack, placement=Placement((4.0, 8.0), (1.5, 0.0))))
    told = info_of_one(path)
    assert (told["stride"], told["offset"]) == ([4.0, 8.0], [1.5, 0.0])
    assert main(["info", str(path)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "place on the image stored with the features " in told
    assert "stride 4 × 8 pixels of the image (y × x) for each of the map " in told
    height, width = stack.spatial_shape
    last = f"the last one on {1.5 + 4 * (height - 1):g}, {8 * (width - 1):g} "
    assert f"the first pixel is centred on 1.5, 0 of the image (y, x), {last}" in told


def test_place_that_is_not_stored_is_told_as_it_is_shown(tmp_path, capsys):
    overlay = np.zeros((40, 60, 3), np.uint8)
    values = np.ones((10, 20, 2), np.float32)
    write_stack(tmp_path / "a.zip", FeatureStack(values=values, name="a", overlay=overlay))
    assert main(["info", str(tmp_path / "a.zip")]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "place on the image not stored; their outer edges are joined " in told
    assert "stride 4 × 3 pixels of the image " in told
    assert "centred on 1.5, 1 of the image (y, x), the last one on 37.5, 58 " in told


def test_place_without_an_image_is_not_known(npy, capsys):
    assert main(["info", str(npy)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "place on the image not known " in told
    assert "stride" not in told


def test_pixel_that_fits_no_texture_needs_no_gpu_memory(npy, info_of_one, capsys):
    np.save(npy, np.ones((1, 1, 4 * USUAL_TEXTURE_SIDE + 1), np.uint8))
    assert info_of_one(npy)["gpu_memory_bytes"] is None
    assert main(["info", str(npy)]) == 0
    assert "memory on the GPU   too many features for a texture" in capsys.readouterr().out


def test_text_tells_of_a_real_dataset(shared_data, capsys):
    path = shared_data / "000000015746.jpg.C1.npz.8.zip"
    assert main(["info", str(path)]) == 0
    assert capsys.readouterr().out == (
        f"{path}: 2.93 MB\n"
        "\n"
        "name                000000015746.jpg.C1.npz\n"
        "size                160 × 106 pixels × 256 features\n"
        "overlay             640 × 427 pixels\n"
        "place on the image  not stored; their outer edges are joined\n"
        "stride              4 × 4.0283 pixels of the image (y × x) for each of the map\n"
        "offset              the first pixel is centred on 1.5, 1.51415 of the image (y, x), "
        "the last one on\n"
        "                    637.5, 424.486\n"
        "stored as           8 bit, for values of type float32\n"
        "values              0 to 1\n"
        "all-zero pixels     0, 0.00% of all\n"
        "memory on the CPU   4.44 MB\n"
        "memory on the GPU   4.53 MB\n"
    )


def test_dataset_behind_a_url_is_described_as_one_on_disk(info, shared_data, tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    name = "synthetic_23x17x9.16.zip"
    with serving(files({name: (shared_data / name).read_bytes()})) as address:
        remote = info(f"{address}/{name}")
    assert remote["stacks"] == info(shared_data / name)["stacks"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("missing.zip", "no such file"),
        ("missing.npz", "no such file"),
        ("missing.zarr", "no such file"),
        ("missing.txt", "no such file"),
        ("flat.npy", "an array of shape (3, 4)"),
        ("photo.png", "a file of the kind '.png'"),
    ],
)
def test_bad_input_is_one_clear_line_and_status_2(tmp_path, capsys, name, found):
    np.save(tmp_path / "flat.npy", np.ones((3, 4)))
    (tmp_path / "photo.png").write_bytes(b"\x89PNG")
    assert main(["info", str(tmp_path / name), "--json"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"napari-ifealid: {found}")
    assert printed.err.endswith(f" In full: {tmp_path / name}\n")
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize("suffix", [".hdr", ".raw"])
def test_envi_cube_is_described_by_either_file(shared_data, info, suffix):
    path = shared_data / "hyperspectral/corn-kernel-hyperspectral.hdr"
    told = info(path.with_suffix(suffix))
    files = [path, path.with_suffix(".raw")]
    assert told["file_size_bytes"] == sum(file.stat().st_size for file in files)
    (stack,) = told["stacks"]
    assert stack["shape"] == [31, 43, 580]
    assert stack["feature_labels"][0] == "366.551 nm"


def test_all_that_is_known_of_a_cube_is_told(tmp_path, info_of_one, capsys):
    values = np.arange(1, 73, dtype=np.int16).reshape(3, 4, 6)
    values[0, :2] = values[2, 3, 1] = -1  # the latter in a bad band
    stack = FeatureStack(
        values=values,
        name="cube",
        feature_labels=["418.24 nm", "500.0 nm", "600.5 nm", "700.0 nm", "800.0 nm", "900.0 nm"],
        bands=Bands(
            widths=(5.5, 5.5, 6.0, 6.0, 7.5, 7.5),
            is_good=(True, False, False, True, False, True),
            shown=(5, 3, 0),
        ),
        gain=0.5,
        nodata=-1,
        georeference=Georeference((30.0, 0.0, 364095.0, 0.0, -30.0, 5809965.0), UTM),
        pixel_size=PixelSize((30.0, 30.0), "m"),
    )
    path = tmp_path / "cube.zarr"
    write_array(path, stack)
    told = info_of_one(path)
    expected = {
        "is_axis_guessed": False,
        "wavelength_range": [418.24, 900.0],
        "wavelength_unit": "nm",
        "band_widths": [5.5, 5.5, 6.0, 6.0, 7.5, 7.5],
        "bad_bands": [1, 2, 4],
        "shown_bands": [5, 3, 0],
        "channel_colours": None,
        "picture": "proposed bands",
        "gain": 0.5,
        "missing_value": -1.0,
        "pixel_size": [30.0, 30.0],
        "pixel_unit": "m",
        "upper_left": [364095.0, 5809965.0],
        "reference_system": "EPSG:32633",
        "minimum": 6.5,
        "maximum": 36.0,
        "nonfinite_pixels": 2,
        "pixels_without_values": 2,
        "share_of_pixels_without_values": pytest.approx(1 / 6),
    }
    assert {key: told[key] for key in expected} == expected
    assert main(["info", str(path)]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines()[1:])) <= 100
    for line in (
        "wavelengths         418.24 … 900 nm, 6 bands",
        "band widths         5.5 to 7.5 nm",
        "bad bands           3 of 6: 1–2 (500–600.5 nm), 4 (800 nm), counted from 0",
        "proposed bands      5, 3, 0",
        "picture of bands    proposed bands",
        "pixel size          30 × 30 m (y × x)",
        "place on the earth  upper left corner at x 364095, y 5809965, EPSG:32633",
        "scale factor        0.5, from stored values to real ones",
        "missing value       -1",
        "without values      2 pixels, 16.67% of all",
        "not finite          2 pixels with a NaN or an infinity of a good band",
    ):
        assert line in text.splitlines()


def test_guess_of_the_axis_and_colours_of_channels_are_told(tmp_path, info_of_one, array, capsys):
    zarr.create_array(str(tmp_path / "a.zarr"), data=array)
    assert info_of_one(tmp_path / "a.zarr")["is_axis_guessed"]
    assert main(["info", str(tmp_path / "a.zarr")]) == 0
    assert "axis of features    a guess" in capsys.readouterr().out
    colours = Bands(colours=("#00ff00", "#ff0000"))
    write_array(tmp_path / "b.zarr", FeatureStack(values=array[..., :2], name="b", bands=colours))
    told = info_of_one(tmp_path / "b.zarr")
    assert told["channel_colours"] == ["#00ff00", "#ff0000"]
    assert told["picture"] == "channels"
    assert main(["info", str(tmp_path / "b.zarr")]) == 0
    assert "channel colours     #00ff00, #ff0000" in capsys.readouterr().out


def test_arrays_of_an_hdf5_file_are_told_and_the_others_are_named(tmp_path, array, info, capsys):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["cubes/first"], file["cubes/second"] = array, array[:, :4]
        for number in range(30):
            file[f"flat/array number {number:02}"] = np.ones(5)
    told = info(path)
    assert [stack["array"] for stack in told["stacks"]] == ["cubes/first", "cubes/second"]
    assert len(told["skipped_arrays"]) == 30
    assert main(["info", str(path)]) == 0
    text = capsys.readouterr().out
    assert "and 10 more" in text
    assert max(map(len, text.splitlines()[1:])) <= 100


@pytest.mark.parametrize("name", ["a.h5", "a.npz", "a.zarr"])
def test_file_without_a_stack_says_what_is_in_it(tmp_path, capsys, name):
    path = tmp_path / name
    if name == "a.h5":
        with h5py.File(path, "w") as file:
            file["flat"] = np.ones((3, 4))
    elif name == "a.npz":
        np.savez(path, flat=np.ones((3, 4)))
    else:
        zarr.create_group(str(path)).create_array("flat", data=np.ones((3, 4)))
    assert main(["info", str(path)]) == 2
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith("napari-ifealid: no feature stack among the arrays: flat (3, 4)")


def test_cube_behind_a_url_is_described_by_its_header(info, shared_data, tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    cube = shared_data / "hyperspectral/corn-kernel-hyperspectral.hdr"
    contents = {path.name: path.read_bytes() for path in (cube, cube.with_suffix(".raw"))}
    with serving(files(contents)) as address:
        remote = info(f"{address}/{cube.name}")
    assert remote["stacks"] == info(cube)["stacks"]


def test_each_key_is_in_the_guide():
    guide = (Path(__file__).parents[2] / "docs/guide.md").read_text()
    for field in fields(StackSummary):
        assert f"`{field.name}`" in guide


def test_wrong_metadata_are_a_warning(tmp_path, capsys):
    write_array(tmp_path / "a.hdr", FeatureStack(values=np.ones((4, 5, 3)), name="a"))
    with (tmp_path / "a.hdr").open("a") as header:
        header.write("bbl = {1, 0}\n")
    assert main(["info", str(tmp_path / "a.hdr")]) == 0
    told = capsys.readouterr().err
    assert told.startswith("napari-ifealid: warning: Opened without wrong metadata: 2 numbers: a.h")
    assert told.count("warning") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of memory is Linux's")
def test_pixel_of_very_many_features_is_measured_in_parts(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", np.ones((1, 1, 50_000_000), np.uint8))
    imports = "from napari_ifealid.cli import info, main"
    tell = "main(['info', path])"
    # each of them as float64 takes eight times as much
    text = outcome(imports, tell, tmp_path / "a.npz", spare=300 * MEGABYTE)
    assert "50000000" in text.replace(",", "")
