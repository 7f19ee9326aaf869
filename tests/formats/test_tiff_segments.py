from __future__ import annotations

import os
import pickle
import struct

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from tiff_files import BANDS, saved

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import tiff_segments
from napari_ifealid.formats.metadata_warning import MetadataWarning
from napari_ifealid.formats.tiff_images import images
from napari_ifealid.formats.tiff_segments import SegmentArray

PIXELS = np.ascontiguousarray(np.moveaxis(BANDS, 0, -1))
TILED = {"tile": (16, 16), "compression": "zlib"}


def opened(path, values=BANDS, **options) -> SegmentArray:
    ((image),) = images(saved(path, values, **(TILED | options)))
    assert isinstance(image.array, SegmentArray)
    return image.array


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.tif"


@pytest.fixture(scope="module")
def arrays(tmp_path_factory):
    folder = tmp_path_factory.mktemp("segments")
    strips = {"tile": None, "rowsperstrip": 5}
    volume = np.stack([BANDS, BANDS + 1000])
    return [
        (opened(folder / "planar.tif"), BANDS),
        (opened(folder / "pixels.tif", PIXELS, planarconfig="contig"), PIXELS),
        (opened(folder / "strips.tif", **strips), BANDS),
        (opened(folder / "pages.tif", planarconfig=None, **strips), BANDS),
        (opened(folder / "volume.tif", volume), volume),
    ]


def parts(length: int):
    ends = st.tuples(st.integers(0, length), st.integers(0, length)).map(sorted)
    return (
        st.integers(-length, length - 1)
        | ends.map(lambda pair: slice(*pair))
        | st.just(slice(None))
    )


@given(number=st.integers(0, 4), data=st.data())
def test_any_part_is_that_of_the_whole(arrays, number, data):
    array, expected = arrays[number]
    index = tuple(data.draw(parts(length)) for length in expected.shape)
    found = array[index]
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected[index])


def test_only_the_tiles_of_a_part_are_decoded(path, monkeypatch):
    array, decoded = opened(path), []
    decoder = tiff_segments._decoder

    def counting(*arguments):
        decode = decoder(*arguments)
        return lambda data, number: decoded.append(number) or decode(data, number)

    monkeypatch.setattr(tiff_segments, "_decoder", counting)
    array[2:4, 10:20, 3]
    assert decoded == [18, 21, 27, 30]  # planes of 3 × 3 tiles
    assert array.pieces == (1, 16, 16)


def test_it_can_be_pickled(path):
    array = pickle.loads(pickle.dumps(opened(path)))
    np.testing.assert_array_equal(array[:, 3, :], BANDS[:, 3])


@pytest.mark.parametrize("damage", ["changed", "gone", "truncated"])
def test_changed_file_is_an_error_at_the_next_read(path, damage):
    array = opened(path)
    array[0, 0, 0]
    if damage == "changed":
        saved(path, BANDS + 1, **TILED)
        os.utime(path, (9, 9))
    elif damage == "gone":
        path.unlink()
    else:
        os.truncate(path, 900)
    with pytest.raises(DatasetError, match=r"Open the file again"):
        array[0, 0, 0]


def test_damaged_tile_is_an_error(path):
    array = opened(path)
    content = bytearray(path.read_bytes())
    start = int(array.offsets[0, 0, 0, 0])
    content[start : start + 8] = bytes(8)
    path.write_bytes(content)
    os.utime(path, (0, 0))
    with pytest.raises(DatasetError, match="a damaged strip or tile"):
        array[0, 0, 0]


def test_tags_that_nothing_can_be_decoded_by_are_an_error(path):
    array = opened(path)
    content = bytearray(path.read_bytes())
    tag = struct.pack("<HHII", 322, 4, 1, 16)
    place = content.index(tag)
    content[place : place + len(tag)] = struct.pack("<HHII", 322, 4, 1, 0)  # the width of a tile
    path.write_bytes(content)
    os.utime(path, (0, 0))
    with pytest.raises(DatasetError, match="a damaged strip or tile"):
        array[0, 0, 0]


def test_tiles_that_are_left_out_have_the_missing_value(path):
    empty = (np.full((16, 16), 3, "u2") if n % 2 == 0 else None for n in range(9))
    options = {"extratags": [(42113, "s", 0, "77", True)]} | TILED
    tifffile.imwrite(
        path, empty, shape=(37, 45), dtype="u2", photometric="minisblack", metadata=None, **options
    )
    ((image),) = images(path)
    assert image.array[0, 20] == 77
    assert image.array[0, 0] == 3


def test_reading_logs_nothing_of_missing_values(path, caplog):
    nodata = (42113, "s", 0, "nothing", True)
    with pytest.warns(MetadataWarning):
        array = opened(path, extratags=[nodata])
    array[0, 0, 0]
    assert caplog.messages == []
