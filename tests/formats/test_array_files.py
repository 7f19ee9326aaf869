from __future__ import annotations

import io
import json
from concurrent.futures import CancelledError
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from napari_ifealid import DatasetError, FeatureStack, read_stack
from napari_ifealid.formats import array_files, restored, write_array
from napari_ifealid.stack import Placement

SUFFIXES = [".npy", ".npz", ".zarr"]


def stack_of(values: np.ndarray, **options: object) -> FeatureStack:
    return FeatureStack(values=values, name="a", **options)


@pytest.fixture
def random_stack() -> FeatureStack:
    values = np.random.default_rng(5).integers(0, 256, (70, 65, 9)).astype(np.uint8)
    return stack_of(values, precision=8, value_range=(-2, 5.5))


def read(path) -> np.ndarray:
    if path.suffix == ".zarr":
        return zarr.open_array(path, mode="r")[:]
    loaded = np.load(path)
    return loaded if path.suffix == ".npy" else loaded["features"]


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".NPY"])
def test_real_values_are_written(tmp_path, random_stack, suffix):
    path = tmp_path / f"a{suffix}"
    write_array(path, random_stack)
    result, expected = read(path.rename(path.with_suffix(suffix.lower()))), restored(random_stack)
    assert result.dtype == expected.dtype == np.float32
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("dtype", ["?", *"bBhHiIqQefd"])
def test_arrays_of_every_type_and_shape_are_written_as_they_are(tmp_path, suffix, dtype):
    shapes = [(1, 1, 1), (6, 5, 4), (2, 6, 5, 4), (2, 1, 2, 3, 2, 4)]
    for number, shape in enumerate(shapes):
        values = np.random.default_rng(1).integers(0, 100, shape).astype(dtype)
        path = tmp_path / f"{number}{suffix}"
        write_array(path, stack_of(np.asfortranarray(values)))
        result = read(path)
        assert result.dtype == values.dtype
        np.testing.assert_array_equal(result, values)


@given(arrays(st.sampled_from(["f4", "i8", "g"]), array_shapes(min_dims=3, max_dims=5)))
@settings(max_examples=30)
def test_npy_is_what_numpy_writes(tmp_path_factory, values):
    path = tmp_path_factory.getbasetemp() / "as_numpy.npy"
    write_array(path, stack_of(values), force=True)
    expected = io.BytesIO()
    np.save(expected, values)
    assert path.read_bytes() == expected.getvalue()


def test_values_that_are_not_finite_stay(tmp_path, array_with_gaps):
    for suffix in SUFFIXES:
        write_array(tmp_path / f"a{suffix}", stack_of(array_with_gaps))
        np.testing.assert_array_equal(read(tmp_path / f"a{suffix}"), array_with_gaps)


@pytest.fixture
def array_with_gaps() -> np.ndarray:
    values = np.ones((3, 4, 5), np.float32)
    values[0, 0, 0], values[1, 1, 1], values[2, 2, 2] = np.nan, np.inf, -0.0
    return values


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_small_blocks_give_the_same_file(tmp_path, random_stack, monkeypatch, suffix):
    write_array(tmp_path / f"a{suffix}", random_stack)
    monkeypatch.setattr(array_files, "MOST_VALUES", 100)
    write_array(tmp_path / f"b{suffix}", random_stack)
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_stack_gives_the_same_bytes(tmp_path, random_stack, suffix):
    contents = []
    for name in ("a", "b"):
        path = tmp_path / f"{name}{suffix}"
        write_array(path, random_stack)
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        contents.append(
            [(file.relative_to(path), file.read_bytes()) for file in files if file.is_file()]
        )
    assert contents[0] == contents[1]


def test_zarr_tells_axes_name_and_labels(tmp_path):
    labels = [400, np.float32(410.5), "NIR"]
    stack = stack_of(np.ones((2, 3, 4, 3), np.uint8), feature_labels=labels)
    write_array(tmp_path / "a.zarr", stack)
    array = zarr.open_array(tmp_path / "a.zarr", mode="r")
    assert array.metadata.zarr_format == 3
    assert array.metadata.dimension_names == ("z", "y", "x", "feature")
    assert dict(array.attrs) == {"name": "a", "feature_labels": [400, 410.5, "NIR"]}
    json.loads((tmp_path / "a.zarr" / "zarr.json").read_bytes(), parse_constant=pytest.fail)


def test_zarr_leaves_axes_beyond_the_fourth_without_a_name(tmp_path):
    write_array(tmp_path / "a.zarr", stack_of(np.ones((1, 2, 2, 2, 2, 3))))
    array = zarr.open_array(tmp_path / "a.zarr", mode="r")
    assert array.metadata.dimension_names == (None, "t", "z", "y", "x", "feature")


@pytest.mark.parametrize(
    ("shape", "chunks"),
    [
        ((300, 200, 256), (64, 64, 256)),
        ((300, 20, 256), (64, 20, 256)),
        ((7, 300, 200, 64), (1, 128, 128, 64)),
        ((3, 4, 2**21), (1, 1, 2**21)),
    ],
)
def test_zarr_chunks_are_tiles_with_all_features(tmp_path, shape, chunks):
    values = np.broadcast_to(np.float32(0), shape)
    write_array(tmp_path / "a.zarr", stack_of(values))
    assert zarr.open_array(tmp_path / "a.zarr", mode="r").chunks == chunks


@pytest.mark.skipif(np.dtype("g").itemsize == 8, reason="long doubles are doubles here")
def test_zarr_has_no_long_doubles(tmp_path):
    with pytest.raises(DatasetError, match=r"longdouble|float128.*Write a \.npy file instead"):
        write_array(tmp_path / "a.zarr", stack_of(np.ones((2, 2, 2), "g")))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.zip", "a.tif", "a"])
def test_other_suffixes_are_refused(tmp_path, random_stack, name):
    with pytest.raises(DatasetError, match=r"expected one of \.npy, \.npz, \.zarr"):
        write_array(tmp_path / name, random_stack)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_existing_output_is_only_replaced_by_force(tmp_path, random_stack, suffix):
    path = tmp_path / f"a{suffix}"
    write_array(path, stack_of(np.zeros((1, 1, 1))))
    with pytest.raises(DatasetError, match="a file of this name"):
        write_array(path, random_stack)
    write_array(path, random_stack, force=True)
    np.testing.assert_array_equal(read(path), restored(random_stack))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_cancelled_writing_leaves_what_was_there(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"old")
    with pytest.raises(CancelledError):
        write_array(
            path,
            stack_of(np.ones((300, 300, 32), np.float64)),
            force=True,
            track=lambda iterable, /, *, total, desc: islice(iterable, total - 1),
        )
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_progress_is_told(tmp_path, suffix):
    told = []

    def track(iterable, /, *, total, desc):
        for item in iterable:
            yield item
            told.append((total, desc))

    write_array(tmp_path / f"a{suffix}", stack_of(np.ones((300, 300, 32))), track=track)
    assert told == [(len(told), "Writing a")] * len(told)
    assert len(told) > 1


def test_placement_is_written_beside_the_features(tmp_path, random_stack):
    stack = replace(random_stack, placement=Placement((4.0, 8.0), (1.5, 0.0)))
    write_array(tmp_path / "a.npz", stack)
    assert read_stack(tmp_path / "a.npz").placement == stack.placement
    write_array(tmp_path / "a.zarr", stack)
    attributes = zarr.open_array(tmp_path / "a.zarr").attrs
    assert (attributes["stride"], attributes["offset"]) == ([4.0, 8.0], [1.5, 0.0])
