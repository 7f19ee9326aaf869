from __future__ import annotations

import os
import pickle
import time

import numpy as np
import pytest
import spectral
from envi_cubes import CODES, CUBE, write_cube
from napari.components import ViewerModel

from napari_ifealid import similarity_map
from napari_ifealid._reader import get_reader
from napari_ifealid.bands import Bands
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import (
    MetadataWarning,
    array_names,
    features_last,
    files_of,
    looks_like_stack,
    read_stack,
    read_stacks,
)

CORN = "hyperspectral/corn-kernel-hyperspectral"
UNIT = CUBE / np.linalg.norm(CUBE, axis=-1, keepdims=True)
SIMILARITY = 1 - np.arccos(np.clip(UNIT @ UNIT[1, 2], -1, 1)) / (np.pi / 2)
INTERLEAVES = ["bsq", "bil", "bip"]


def error_of(path, match: str) -> DatasetError:
    start = time.perf_counter()
    with pytest.raises(DatasetError, match=f"^{match}") as caught:
        read_stacks(path)
    assert time.perf_counter() - start < 2.0
    assert caught.value.remedy
    return caught.value


# A real cube


@pytest.mark.parametrize("suffix", [".hdr", ".raw"])
def test_real_cube_gives_the_maps_that_spectral_python_gives(shared_data, suffix):
    stack = read_stack(shared_data / f"{CORN}{suffix}")
    assert stack.name == f"corn-kernel-hyperspectral{suffix}"
    assert stack.values.shape == (31, 43, 580)
    assert stack.values.dtype == np.uint16
    assert stack.stores_real_values
    expected = np.load(shared_data / f"{CORN}.expected.npz")
    assert stack.feature_labels[:2] == ("366.551 nm", "367.656 nm")
    numbers = [float(label.removesuffix(" nm")) for label in stack.feature_labels]
    np.testing.assert_array_equal(numbers, expected["wavelengths"])
    assert expected["good_bands"].all()
    assert stack.bands.is_good is None
    for place, vector, similarity in zip(
        expected["positions_rowcol"], expected["vectors"], expected["similarity"], strict=True
    ):
        np.testing.assert_array_equal(stack.vector(place), vector)
        found = similarity_map(stack, tuple(map(int, place)))
        similarity[tuple(place)] = 1.0  # where a cosine above 1 made it NaN
        np.testing.assert_allclose(found, similarity, atol=1e-4)


def test_viewer_opens_a_real_cube_by_either_file(shared_data, plugins):
    viewer = ViewerModel()
    for suffix in (".hdr", ".raw"):
        (layer,) = viewer.open(shared_data / f"{CORN}{suffix}", plugin="napari-ifealid")
        assert layer.data.shape[-2:] == (31, 43)


# Orders and types


@pytest.mark.parametrize("code", [1, 2, 4, 5, 12])
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("interleave", INTERLEAVES)
def test_orders_of_axes_and_bytes_and_types_give_the_same_map(
    tmp_path, monkeypatch, interleave, order, code
):
    header = write_cube(tmp_path, code=code, interleave=interleave, byte_order=order)
    told = spectral.envi.open(str(header), str(tmp_path / "a.raw"))
    np.testing.assert_array_equal(np.asarray(told.load()), CUBE)
    for fits in (True, False):
        monkeypatch.setattr(features_last, "fits_memory", lambda _, fits=fits: fits)
        stack = read_stack(header)
        assert stack.is_lazy != fits
        assert stack.values.dtype == CODES[code]
        np.testing.assert_array_equal(np.asarray(stack.values), CUBE)
        np.testing.assert_allclose(similarity_map(stack, (1, 2)), SIMILARITY, atol=1e-5)


@pytest.mark.parametrize("code", CODES)
def test_all_types_of_real_numbers_keep_their_limits(tmp_path, code):
    dtype = np.dtype(CODES[code])
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    values = np.array([limits.min, 0, limits.max], dtype).reshape(1, 1, 3)
    stored = read_stack(write_cube(tmp_path, values, code, interleave="BIP")).values
    assert stored.dtype == dtype
    np.testing.assert_array_equal(stored, values)


def test_missing_byte_order_and_offset_are_little_endian_and_none(tmp_path):
    header = write_cube(tmp_path, byte_order=None, header_offset=None)
    np.testing.assert_array_equal(read_stack(header).values, CUBE)


@pytest.mark.parametrize("fits", [True, False])
def test_offset_is_skipped_and_what_follows_the_values_is_not_read(tmp_path, monkeypatch, fits):
    monkeypatch.setattr(features_last, "fits_memory", lambda _: fits)
    header = write_cube(tmp_path, header_offset=13, interleave="BSQ")
    with (tmp_path / "a.raw").open("ab") as stream:
        stream.write(b"more")
    np.testing.assert_array_equal(np.asarray(read_stack(header).values), CUBE)


def test_progress_is_told(tmp_path):
    told = []

    def track(items, *, total, desc):
        told.append((total, desc))
        return items

    read_stack(write_cube(tmp_path), track=track)
    assert told == [(1, "Opening a.hdr")]
    assert array_names(tmp_path / "a.hdr") is None


# Large cubes


@pytest.mark.parametrize("interleave", ["bsq", "bil"])
def test_cube_larger_than_memory_opens_at_once_and_is_read_where_needed(
    tmp_path, free_memory, interleave
):
    header = write_cube(
        tmp_path, code=12, interleave=interleave, lines=2500, samples=2000, bands=200
    )
    os.truncate(tmp_path / "a.raw", 2500 * 2000 * 200 * 2)
    with free_memory(2**28):
        start = time.perf_counter()
        stack = read_stack(header)
        assert time.perf_counter() - start < 2.0
        assert stack.is_lazy
        assert stack.values.shape == (2500, 2000, 200)
        assert max(stack.values.chunksize) < 2**16
        start = time.perf_counter()
        assert not stack.vector((2499, 1999)).any()
        assert time.perf_counter() - start < 2.0


def test_lazy_cube_reads_the_same_in_another_process_and_notices_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(features_last, "fits_memory", lambda _: False)
    stack = read_stack(write_cube(tmp_path, data_gain_values="{1,2,3,4,5}"))
    again = pickle.loads(pickle.dumps(stack.values))
    np.testing.assert_array_equal(np.asarray(again), CUBE * [1, 2, 3, 4, 5])
    (tmp_path / "a.raw").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"changed or replaced since it was opened: a\.raw"):
        np.asarray(stack.values)


# What the header tells


def test_header_tells_labels_bands_place_and_scale(tmp_path):
    header = write_cube(
        tmp_path,
        code=2,
        wavelength="{0.4, 0.5, 0.6, 0.7, 0.8}",
        wavelength_units="Micrometers",
        fwhm="{0.01, 0.02, 0.03, 0.04, 0.05}",
        bbl="{1, 1, 0, 1, 1}",
        default_bands="{3, 2, 1}",
        data_ignore_value=7,
        reflectance_scale_factor=100,
        map_info="{UTM, 1, 1, 5e5, 4e6, 30, 20, 33, North, WGS-84, units=Meters}",
        coordinate_system_string='{PROJCS["a, b",UNIT["Meter",1.0]]}',
    )
    stack = read_stack(header)
    assert stack.feature_labels == ("0.4 µm", "0.5 µm", "0.6 µm", "0.7 µm", "0.8 µm")
    assert stack.bands.widths == (0.01, 0.02, 0.03, 0.04, 0.05)
    assert stack.bands.is_good == (True, True, False, True, True)
    assert stack.bands.shown == (2, 1, 0)
    assert stack.gain == 0.01
    assert stack.nodata == 7
    np.testing.assert_allclose(stack.vector((0, 1)), [0.06, np.nan, 0.08, 0.09, 0.1])
    assert stack.pixel_size.size == (20.0, 30.0)
    assert stack.georeference.transform == (30.0, 0.0, 5e5, 0.0, -20.0, 4e6)
    assert stack.georeference.wkt == 'PROJCS["a, b",UNIT["Meter",1.0]]'


@pytest.mark.parametrize("fits", [True, False])
@pytest.mark.parametrize("interleave", INTERLEAVES)
def test_gains_and_offsets_of_their_own_give_real_values(tmp_path, monkeypatch, interleave, fits):
    monkeypatch.setattr(features_last, "fits_memory", lambda _: fits)
    header = write_cube(
        tmp_path,
        code=12,
        interleave=interleave,
        data_gain_values="{1, 2, 3, 4, 0.5}",
        data_offset_values="{0, 0, -1, 0, 0}",
        reflectance_scale_factor=10000,
        data_ignore_value=60,
    )
    stack = read_stack(header)
    assert (stack.gain, stack.nodata, stack.values.dtype) == (1.0, None, np.float32)
    expected = CUBE * [1, 2, 3, 4, 0.5] + [0, 0, -1, 0, 0]
    expected[-1, -1, -1] = np.nan
    np.testing.assert_array_equal(np.asarray(stack.values), expected)
    np.testing.assert_array_equal(stack.feature_image(2, (slice(3), slice(4))), expected[..., 2])
    np.testing.assert_array_equal(stack.vector((2, 3)), expected[2, 3])


# The two files


@pytest.mark.parametrize(
    ("data", "header"),
    [(f"a{end}", "a.hdr") for end in (".raw", ".IMG", ".dat", ".bsq", ".bil", ".bip", ".bin")]
    + [("a", "a.hdr"), ("a.raw", "a.raw.hdr"), ("a.raw", "a.HDR"), ("v1.2_img", "v1.hdr")]
    + [("v1.2_img", "v1.2_img.hdr"), ("a.rfl", "a.hdr")],
)
def test_cube_is_opened_by_either_file_whatever_its_ending(tmp_path, data, header):
    write_cube(tmp_path, data=data, header=header)
    for name in (data, header):
        assert looks_like_stack(tmp_path / name)
        np.testing.assert_array_equal(read_stack(tmp_path / name).values, CUBE)
        assert set(files_of(tmp_path / name)) == {tmp_path / data, tmp_path / header}


@pytest.mark.parametrize("name", ["a.dat", "a.raw", "a.img", "a.bin", "a", "a.bil"])
def test_file_without_a_header_is_not_ours(tmp_path, name):
    (tmp_path / name).write_bytes(b"anything")
    assert not looks_like_stack(tmp_path / name)
    assert get_reader(str(tmp_path / name)) is None
    if name != "a":
        error = error_of(tmp_path / name, f"the header not beside it: {name}")
        assert error.expected == "the file a.hdr in the same folder"


@pytest.mark.parametrize(
    "content",
    [
        b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n",
        b"\x5c\x01\x00\x00" + bytes(344),  # Analyze and NIfTI
        b"ENVI\nfile type = ENVI Spectral Library\n",
        b"ncols 3\nnrows 4\nxllcorner 0\nyllcorner 0\ncellsize 1\n",  # a grid of Arc/Info
        b"",
    ],
)
def test_other_headers_are_not_ours(tmp_path, content):
    (tmp_path / "a.hdr").write_bytes(content)
    (tmp_path / "a.img").write_bytes(b"values")
    assert not looks_like_stack(tmp_path / "a.hdr")
    assert not looks_like_stack(tmp_path / "a.img")


def test_picture_of_the_same_name_is_not_taken_for_the_values(tmp_path):
    header = write_cube(tmp_path)
    (tmp_path / "a.jpeg").write_bytes(b"a picture")
    assert not looks_like_stack(tmp_path / "a.jpeg")
    error_of(tmp_path / "a.jpeg", "a file of the kind '.jpeg'")
    np.testing.assert_array_equal(read_stack(header).values, CUBE)


def test_real_library_is_no_cube(shared_data):
    for suffix in (".hdr", ".sli"):
        assert not looks_like_stack(shared_data / f"hyperspectral/library_berlin{suffix}")
    path = shared_data / "hyperspectral/library_berlin.hdr"
    error = error_of(path, r"a spectral library, not an image: library_berlin\.hdr;")
    assert "group Library" in error.remedy


def test_esri_header_is_read(tmp_path):
    (tmp_path / "a.hdr").write_text(
        "BYTEORDER M\nLAYOUT BIL\nNROWS 3\nNCOLS 4\nNBANDS 5\nNBITS 16\nPIXELTYPE SIGNEDINT\n"
        "SKIPBYTES 2\nNODATA 60\nULXMAP 10\nULYMAP 20\nXDIM 2\nYDIM 2\n"
        "WAVELENGTHS\n400\n500\n600\n700\n800\nWAVELENGTHS_END\n"
    )
    stored = np.moveaxis(CUBE, -1, 1).astype(">i2").tobytes()
    (tmp_path / "a.bil").write_bytes(b"\0\0" + stored)
    assert looks_like_stack(tmp_path / "a.bil")
    stack = read_stack(tmp_path / "a.bil")
    np.testing.assert_array_equal(stack.values, CUBE)
    assert stack.feature_labels[0] == "400.0 nm"
    assert stack.nodata == 60
    assert stack.georeference.transform == (2.0, 0.0, 9.0, 0.0, -2.0, 21.0)


# Bad input


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"lines": None}, r"no such field: a\.hdr, lines; expected a number"),
        ({"samples": "many"}, r"the value 'many': a\.hdr, samples; expected a number"),
        ({"bands": 0}, r"the value 0: a\.hdr, bands; expected at least one pixel and one band"),
        ({"bands": -5}, r"the value '-5': a\.hdr, bands; expected a number"),
        ({"interleave": "tile"}, r"the value 'tile': a\.hdr, interleave; expected bsq, bil or bip"),
        ({"interleave": None}, r"no such field: a\.hdr, interleave; expected bsq, bil or bip"),
        ({"data_type": None}, r"no such field: a\.hdr, data type;"),
        ({"data_type": 6}, r"complex numbers \(data type 6\): a\.hdr, data type; expected real"),
        ({"data_type": 9}, r"complex numbers \(data type 9\): a\.hdr, data type; expected real"),
        ({"data_type": 8}, r"the value 8: a\.hdr, data type; expected one of \[1, 2, 3, 4, 5, 12,"),
        ({"file_type": "TIFF"}, r"the value 'TIFF': a\.hdr, file type; expected ENVI Standard"),
        ({"file_compression": 1}, r"compressed values: a\.hdr, file compression; expected 0"),
        ({"major_frame_offsets": "{0, 8}"}, r"bytes between rows or bands: a\.hdr, major frame"),
        ({"lines": 4}, r"a file of 240 bytes: a\.raw; expected 320 bytes or more, as its header"),
        ({"lines": 10**17}, r"a file of 240 bytes: a\.raw; expected 8,000,000,000,000,000,000 by"),
        ({"bands": 10**17}, r"a file of 240 bytes: a\.raw; expected 4,800,000,000,000,000,000 by"),
        ({"lines": "9" * 5000}, r"the value '9999"),
        ({"data_gain_values": "{1, 2}"}, r"2 numbers: a\.hdr, data gain values; expected one fo"),
        ({"data_offset_values": "{1,2,3,4,nan}"}, r"an item that is not finite: a\.hdr, data off"),
    ],
)
def test_wrong_header_gives_the_reason(tmp_path, fields, reason):
    path = write_cube(tmp_path)
    text = path.read_text()
    for key, value in fields.items():
        name = key.replace("_", " ")
        text = "".join(
            line for line in text.splitlines(True) if line.partition("=")[0].strip() != name
        )
        text += "" if value is None else f"{name} = {value}\n"
    path.write_text(text)
    for opened in (path, tmp_path / "a.raw"):
        error_of(opened, reason)
    assert looks_like_stack(path)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"wavelength": "{1, 2}"}, r"2 numbers: a\.hdr, wavelength; expected one for each of 5 ba"),
        ({"wavelength": "{1, 2, 3, 4, x}"}, r"an item that is no number .*: a\.hdr, wavelength;"),
        ({"fwhm": "{1}"}, r"1 numbers: a\.hdr, fwhm; expected one for each of 5 bands"),
        ({"bbl": "{1, 0}"}, r"2 numbers: a\.hdr, bbl; expected one for each of 5 bands"),
        ({"default_bands": "{red}"}, r"an item that is no number .*: a\.hdr, default bands;"),
        ({"reflectance_scale_factor": 0}, r"the value '0': a\.hdr, reflectance scale factor;"),
        ({"reflectance_scale_factor": -1}, r"the value '-1': a\.hdr, reflectance scale factor;"),
        ({"data_ignore_value": "none"}, r"an item that is no number .*: a\.hdr, data ignore valu"),
    ],
)
def test_wrong_field_that_values_do_without_is_a_single_warning(tmp_path, fields, reason):
    path = write_cube(tmp_path, **fields)
    with pytest.warns(MetadataWarning, match=f"^Opened without wrong metadata: {reason}") as caught:
        stack = read_stack(path)
    assert len(caught) == 1
    np.testing.assert_array_equal(stack.values, CUBE)
    assert (stack.feature_labels, stack.bands) == ((0, 1, 2, 3, 4), Bands())
    assert stack.stores_real_values


def test_names_are_labels_where_the_wavelengths_are_wrong(tmp_path):
    path = write_cube(tmp_path, wavelength="{1, 2}", band_names="{a, b, c, d, e}")
    with pytest.warns(MetadataWarning):
        assert read_stack(path).feature_labels == ("a", "b", "c", "d", "e")


def test_truncated_values_are_refused(tmp_path):
    write_cube(tmp_path, code=2)
    os.truncate(tmp_path / "a.raw", 100)
    error_of(tmp_path / "a.hdr", r"a file of 100 bytes: a\.raw; expected 120 bytes or more")


def test_values_that_are_all_nan_are_refused(tmp_path):
    path = write_cube(tmp_path, np.full((2, 2, 2), np.nan))
    error_of(path, r"no finite value: all are NaN or infinite: a\.hdr")


def test_missing_files_are_named(tmp_path):
    path = write_cube(tmp_path)
    (tmp_path / "a.raw").unlink()
    error = error_of(path, r"the values not beside it: a\.hdr")
    assert error.expected == "the file a.img in the same folder"
    assert looks_like_stack(path)  # opening it tells why
    error_of(tmp_path / "b.hdr", r"no such file: b\.hdr")
    error_of(tmp_path / "b.raw", r"no such file: b\.raw")


def test_header_of_something_else_is_named(tmp_path):
    (tmp_path / "a.hdr").write_bytes(b"\x01\x02")
    (tmp_path / "a.img").write_bytes(b"values")
    for name in ("a.hdr", "a.img"):
        error_of(tmp_path / name, r"no header of ENVI: a\.hdr; expected a text file that begins")
