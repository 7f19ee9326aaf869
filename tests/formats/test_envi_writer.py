from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
import spectral
from envi_cubes import CUBE, write_cube
from hypothesis import given
from hypothesis import strategies as st
from real_arrays import REAL

from napari_ifealid.bands import Bands
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import envi_writer, read_stack, write_array
from napari_ifealid.formats.array_blocks import write_values_to
from napari_ifealid.formats.envi_header import read_header
from napari_ifealid.georeference import Georeference, PixelSize
from napari_ifealid.libraries import Library, LibraryEntry, write_library
from napari_ifealid.stack import FeatureStack

PLACE = Georeference(
    (30.0, 0.0, 5e5, 0.0, -20.0, 4e6),
    map_info="UTM, 1, 1, 500000, 4000000, 30, 20, 33, North, WGS-84, units=Meters",
    wkt='PROJCS["a",UNIT["Meter",1.0]]',
)
STACK = FeatureStack(
    values=CUBE.astype(np.float32) / 3,
    name="Meadow {1, 2}",
    feature_labels=["0.4 µm", "0.45 µm", "0.5 µm", "0.6 µm", "0.7 µm"],
    bands=Bands(
        widths=(0.1, 0.2, 0.3, 0.4, 0.5), is_good=(True, False, True, True, True), shown=(4, 2, 0)
    ),
    pixel_size=PixelSize((20.0, 30.0), "m"),
    georeference=PLACE,
)


def test_all_that_is_known_reads_back(tmp_path):
    write_array(tmp_path / "a.hdr", STACK)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.hdr", "a.img"]
    stack = read_stack(tmp_path / "a.img")
    np.testing.assert_array_equal(stack.values, STACK.values)
    for key in ("feature_labels", "bands", "pixel_size", "georeference"):
        assert getattr(stack, key) == getattr(STACK, key)
    write_array(tmp_path / "b.hdr", replace(stack, name=STACK.name))
    assert (tmp_path / "a.hdr").read_bytes() == (tmp_path / "b.hdr").read_bytes()


def test_spectral_python_reads_what_is_written(tmp_path):
    write_array(tmp_path / "a.hdr", STACK)
    told = spectral.open_image(str(tmp_path / "a.hdr"))
    np.testing.assert_array_equal(np.asarray(told.load()), STACK.values)
    assert told.bands.centers == [0.4, 0.45, 0.5, 0.6, 0.7]
    assert told.bands.bandwidths == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert told.metadata["bbl"] == [1, 0, 1, 1, 1]
    assert told.metadata["default bands"] == ["5", "3", "1"]


@given(st.sampled_from(REAL), st.integers(0, 2**32 - 1))
def test_types_that_envi_lacks_become_the_next_one(tmp_path_factory, dtype, seed):
    path = tmp_path_factory.mktemp("envi") / "a.hdr"
    values = np.random.default_rng(seed).integers(0, 2, (2, 3, 4)).astype(dtype)
    write_array(path, FeatureStack(values=values, name="a"))
    stored = read_stack(path).values
    np.testing.assert_array_equal(stored, values)
    held = {"?": "u1", "b": "i2", "e": "f4", "g": "f8"}.get(dtype.char, dtype.newbyteorder("="))
    assert stored.dtype == held


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (None, (0, 1)),
        (["red, dark", "{green}"], ("red dark", "green")),
        (["red", 3], ("red", "3")),
        ([4, 5.5], (4.0, 5.5)),
        (["4 eV", "5.5 eV"], ("4.0 eV", "5.5 eV")),
    ],
)
def test_labels_are_wavelengths_else_names_without_commas_and_braces(tmp_path, labels, expected):
    write_array(
        tmp_path / "a.hdr",
        FeatureStack(values=np.ones((1, 1, 2)), name="a", feature_labels=labels),
    )
    assert read_stack(tmp_path / "a.hdr").feature_labels == expected


def test_value_for_none_stays_where_it_is_stored_else_nan_is(tmp_path):
    values = np.array([[[1, 7]]], np.uint16)
    write_array(tmp_path / "a.hdr", FeatureStack(values=values, name="a", nodata=7))
    stack = read_stack(tmp_path / "a.hdr")
    assert (stack.nodata, stack.values.dtype) == (7, np.uint16)
    np.testing.assert_array_equal(stack.values, values)

    write_array(tmp_path / "b.hdr", FeatureStack(values=values, name="a", nodata=7, gain=0.5))
    stack = read_stack(tmp_path / "b.hdr")
    assert (stack.nodata, stack.gain, stack.values.dtype) == (None, 1.0, np.float32)
    np.testing.assert_array_equal(stack.values, [[[0.5, np.nan]]])
    assert read_header(tmp_path / "b.hdr").text("data ignore value") == "NaN"


def test_place_beside_an_overlay_is_written_as_that_of_the_stacks_own_pixels(tmp_path):
    height, width = STACK.spatial_shape
    overlay = np.zeros((2 * height, 2 * width, 3), np.uint8)
    write_array(tmp_path / "a.hdr", replace(STACK, overlay=overlay))
    stack = read_stack(tmp_path / "a.hdr")
    assert stack.pixel_size.size == tuple(2 * length for length in STACK.pixel_size.size)
    a, _, left, _, e, top = stack.georeference.transform
    assert (a, e) == tuple(2 * STACK.georeference.transform[place] for place in (0, 4))
    assert (left, top) == tuple(STACK.georeference.transform[place] for place in (2, 5))


def test_stack_with_more_axes_is_refused(tmp_path):
    stack = FeatureStack(values=np.ones((2, 3, 4, 5)), name="a")
    with pytest.raises(DatasetError, match=r"a stack of shape \(2, 3, 4, 5\): a\.hdr;"):
        write_array(tmp_path / "a.hdr", stack)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["cube", "library"])
def test_header_of_other_data_is_not_replaced_even_by_force(tmp_path, kind):
    if kind == "cube":
        write_cube(tmp_path)
    else:
        write_library(tmp_path / "a.sli", Library([LibraryEntry(np.ones(2), "one")]))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(DatasetError, match=r"a header of other data: a\.hdr; expected none"):
        write_array(tmp_path / "a.hdr", STACK, force=True)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("existing", ["a.hdr", "a.img"])
def test_neither_file_is_written_where_one_exists(tmp_path, existing):
    (tmp_path / existing).write_bytes(b"mine")
    with pytest.raises(DatasetError, match=f"a file of this name: {existing}"):
        write_array(tmp_path / "a.hdr", STACK)
    assert [path.name for path in tmp_path.iterdir()] == [existing]
    assert (tmp_path / existing).read_bytes() == b"mine"
    write_array(tmp_path / "a.hdr", STACK, force=True)
    write_array(tmp_path / "a.hdr", STACK, force=True)
    np.testing.assert_array_equal(read_stack(tmp_path / "a.hdr").values, STACK.values)


def test_failure_leaves_neither_file(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(envi_writer, "write_values_to", fail)
    with pytest.raises(DatasetError, match="No space left"):
        write_array(tmp_path / "a.hdr", STACK)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["a.hdr", "a.img"])
@pytest.mark.parametrize("has_values", [True, False])
def test_folder_of_the_same_name_leaves_all_as_it_was_even_by_force(tmp_path, folder, has_values):
    (tmp_path / folder).mkdir()
    other = tmp_path / ({"a.hdr": "a.img", "a.img": "a.hdr"}[folder])
    if has_values:
        other.write_bytes(b"mine")
    with pytest.raises(DatasetError, match=f"a folder of this name: {folder}"):
        write_array(tmp_path / "a.hdr", STACK, force=True)
    assert (tmp_path / folder).is_dir()
    assert other.exists() == has_values
    assert not has_values or other.read_bytes() == b"mine"


def test_values_go_again_where_the_header_cannot_take_its_place(tmp_path, monkeypatch):
    def write(*arguments):
        write_values_to(*arguments)
        (tmp_path / "a.hdr").write_bytes(b"of someone else")

    monkeypatch.setattr(envi_writer, "write_values_to", write)
    with pytest.raises(DatasetError, match=r"a file of this name: a\.hdr"):
        write_array(tmp_path / "a.hdr", STACK)
    assert [path.name for path in tmp_path.iterdir()] == ["a.hdr"]
    assert (tmp_path / "a.hdr").read_bytes() == b"of someone else"


def test_bytes_of_a_name_that_are_no_utf8_are_replaced(tmp_path):
    path, name = tmp_path / "a.hdr", os.fsdecode(b"caf\xe9")
    write_array(path, FeatureStack(values=np.ones((3, 4, 5), np.float32), name=name))
    assert "caf�" in path.read_text("utf-8")
