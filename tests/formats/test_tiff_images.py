from __future__ import annotations

import struct
import sys
import tracemalloc

import numpy as np
import pytest
import tifffile
from tiff_files import BANDS, saved, with_tags

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import tiff_images
from napari_ifealid.formats.file_array import FileArray
from napari_ifealid.formats.tiff_images import images, nodata_value
from napari_ifealid.formats.tiff_layouts import layouts
from napari_ifealid.formats.tiff_segments import SegmentArray

KINDS = [{}, {"tile": (16, 16), "compression": "zlib"}, {"compression": "lzw", "rowsperstrip": 4}]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.tif"


def error_of(path) -> DatasetError:
    with pytest.raises(DatasetError) as caught:
        images(path)
    assert caught.value.file == str(path)
    assert caught.value.remedy
    return caught.value


def test_values_in_one_piece_are_read_without_decoding(path):
    (image,) = images(saved(path, byteorder=">"))
    assert isinstance(image.array, FileArray)
    np.testing.assert_array_equal(image.array[...], BANDS)


@pytest.mark.parametrize("options", [{"tile": (16, 16)}, {"compression": "zlib"}])
def test_other_values_are_read_by_strip_or_tile(path, options):
    (image,) = images(saved(path, **options))
    assert isinstance(image.array, SegmentArray)
    np.testing.assert_array_equal(image.array[:, :, :], BANDS)


@pytest.mark.parametrize("options", KINDS)
def test_truncated_file_is_one_error_wherever_it_ends(path, options, caplog):
    content = saved(path, **options).read_bytes()
    for end in (0, 3, 7, 9, 40, 200, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:end])
        error = error_of(path)
        if end > 200:
            assert "a truncated TIFF" in error.found


def changed(path, tag: int, value: int) -> None:
    """Write another number into the entry of a tag that holds a single one."""
    with tifffile.TiffFile(path) as tiff:
        entry = tiff.pages[0].tags[tag].offset
    with path.open("r+b") as stream:
        stream.seek(entry)
        _, kind, count = struct.unpack("<HHI", stream.read(8))
        assert count == 1
        stream.write(struct.pack("<H" if kind == 3 else "<I", value))


@pytest.mark.parametrize("options", KINDS)
@pytest.mark.parametrize("tag", [256, 257])
def test_absurd_sizes_are_an_error_and_take_no_memory(path, options, tag, caplog):
    changed(saved(path, **options), tag, 2**31 - 1)
    tracemalloc.start()
    try:
        error_of(path)
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


def test_strip_that_cannot_have_been_compressed_to_so_little_is_an_error(path, caplog):
    saved(path, BANDS[0], planarconfig=None, compression="zlib", rowsperstrip=37)
    changed(path, 257, 2**24)
    changed(path, 278, 2**24)
    assert "that are stored" in error_of(path).found


def test_missing_package_is_an_error_that_tells_the_command(path, monkeypatch):
    saved(path, compression="lzw", predictor=True)
    monkeypatch.setattr(tiff_images, "find_spec", lambda _: None)
    monkeypatch.setattr(tifffile.TIFF, "DECOMPRESSORS", {})
    monkeypatch.setattr(tifffile.TIFF, "UNPREDICTORS", {})
    error = error_of(path)
    assert error.found == "values that are compressed by LZW and HORIZONTAL"
    assert 'pip install "napari-ifealid[cubes]"' in error.remedy
    monkeypatch.setattr(tiff_images, "find_spec", lambda _: sys)
    assert "usual compressions" in error_of(path).expected


def test_codec_whose_import_fails_is_missing(path, monkeypatch):
    def decode(_):
        raise ImportError("no such module")

    saved(path, compression="zstd")
    monkeypatch.setattr(tifffile.TIFF, "DECOMPRESSORS", {50000: decode})
    assert "ZSTD" in error_of(path).found


def test_pages_in_other_files_are_an_error(path, monkeypatch):
    saved(path, compression="zlib", planarconfig=None)
    pages = tifffile.TiffPageSeries.pages
    monkeypatch.setattr(tifffile.TiffPageSeries, "pages", property(lambda one: pages.fget(one)[:3]))
    assert "3 pages in this file for 7 images" in error_of(path).found


@pytest.mark.parametrize(
    ("text", "dtype", "value"),
    [
        ("-32768", "i2", -32768.0),
        ("-32768", "f4", -32768.0),
        ("-32768", "u2", None),
        ("0.5", "u2", None),
        ("-3.4028234663852886e+38", "f4", float(np.finfo("f4").min)),
        ("0.1", "f4", float(np.float32(0.1))),
        (" 255 ", "u1", 255.0),
    ],
)
def test_missing_value_is_one_of_the_type(path, text, dtype, value, caplog):
    (layout,) = layouts(with_tags(path, (42113, "s", text)))
    assert nodata_value(layout, np.dtype(dtype)) == value


def test_missing_value_may_be_nan_or_wrong(path, caplog):
    (layout,) = layouts(with_tags(path, (42113, "s", "nan")))
    assert np.isnan(nodata_value(layout, np.dtype("f4")))
    (layout,) = layouts(with_tags(path, (42113, "s", "none")))
    with pytest.raises(DatasetError, match="GDAL_NODATA"):
        nodata_value(layout, np.dtype("f4"))
    (layout,) = layouts(saved(path))
    assert nodata_value(layout, np.dtype("f4")) is None


@pytest.mark.parametrize("options", KINDS)
def test_places_that_are_no_whole_numbers_are_an_error(path, options):
    saved(path, **options)
    with tifffile.TiffFile(path) as tiff:
        (tag,) = [one for one in tiff.pages[0].tags if one.code in (273, 324)]
    content = bytearray(path.read_bytes())
    struct.pack_into("<H", content, tag.offset + 2, 11)  # floats
    path.write_bytes(content)
    assert "whole numbers" in error_of(path).found
