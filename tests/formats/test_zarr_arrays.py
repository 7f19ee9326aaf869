from __future__ import annotations

import json
import pickle
import struct
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from typing import Any

import dask.array as da
import fsspec
import numpy as np
import pytest
import zarr
from fsspec.registry import known_implementations
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from example_server import files, serving
from limited_memory import MEGABYTE, outcome
from napari_ifealid import DatasetError, FeatureStack
from napari_ifealid.formats import (
    array_names,
    looks_like_stack,
    read_stack,
    read_stacks,
    stack_names,
    write_array,
    zarr_arrays,
)
from napari_ifealid.formats.zarr_arrays import MOST_CHUNKS, read_zarr
from napari_ifealid.stack import Placement

CUBE = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
FORMATS = [2, 3]


def save(path: Path, values: NDArray[Any], **options: Any) -> Path:
    zarr.create_array(str(path), data=values, **options)
    return path


@pytest.fixture(params=FORMATS)
def zarr_format(request) -> int:
    return request.param


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "cube.zarr"


@pytest.fixture
def group(path, zarr_format) -> zarr.Group:
    """A group with two feature stacks, and with what is none."""
    group = zarr.create_group(str(path), zarr_format=zarr_format)
    group.create_array("second", data=CUBE[:2])
    group.create_array("first", data=CUBE)
    group.create_array("mean", data=CUBE.mean((0, 1)))
    group.create_array("complex", data=CUBE.astype(complex))
    group.create_group("deep").create_array("third", data=CUBE)
    return group


def error_of(path: Path | str, **options: Any) -> DatasetError:
    with pytest.raises(DatasetError) as caught:
        read_stack(path, **options)
    assert caught.value.file == str(path)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize("dtype", ["?", "i1", "u1", "i2", ">u2", "i4", "i8", "f2", ">f4", "f8"])
def test_array_of_real_numbers_is_read_in_the_order_of_this_machine(path, zarr_format, dtype):
    save(path, CUBE.astype(dtype), zarr_format=zarr_format, chunks=(2, 3, 2))
    (stack,) = read_stacks(path)
    assert isinstance(stack.values, da.Array)
    assert stack.values.dtype == np.dtype(dtype).newbyteorder("=")
    assert stack.values.dtype.isnative
    assert stack.values.compute().dtype == stack.values.dtype
    np.testing.assert_array_equal(stack.values, CUBE.astype(dtype))
    np.testing.assert_array_equal(stack.vector((1, 2)), CUBE.astype(dtype)[1, 2])


@st.composite
def stored_arrays(draw: st.DrawFn) -> tuple[NDArray[Any], tuple[int, ...], int]:
    """An array, the shape of its chunks, and an axis for the features."""
    shape = draw(st.lists(st.integers(1, 5), min_size=3, max_size=5))
    chunks = tuple(draw(st.integers(1, length + 1)) for length in shape)
    return np.random.default_rng(0).random(shape), chunks, draw(st.integers(0, len(shape) - 1))


@given(stored_arrays(), st.data())
@settings(max_examples=60)
def test_any_part_of_any_array_is_what_numpy_gives(tmp_path_factory, stored, data):
    values, chunks, axis = stored
    path = tmp_path_factory.mktemp("any") / "a.zarr"
    stack = read_stack(save(path, values, chunks=chunks), feature_axis=axis)
    expected = np.moveaxis(values, axis, -1)
    assert stack.values.shape == expected.shape
    index = tuple(
        data.draw(st.one_of(st.slices(length), st.integers(0, length - 1)))
        for length in expected.shape
    )
    np.testing.assert_array_equal(stack.values[index], expected[index])


@given(stored_arrays(), st.data())
@settings(max_examples=40)
def test_chosen_pixels_and_features_are_what_numpy_gives(tmp_path_factory, stored, data):
    values, chunks, axis = stored
    path = tmp_path_factory.mktemp("any") / "a.zarr"
    stack = read_stack(save(path, values, chunks=chunks), feature_axis=axis)
    expected = np.moveaxis(values, axis, -1)
    chosen_axis = data.draw(st.integers(0, values.ndim - 1))
    chosen = data.draw(st.lists(st.integers(0, expected.shape[chosen_axis] - 1), min_size=1))
    index: list[Any] = [data.draw(st.sampled_from([0, slice(None)])) for _ in expected.shape]
    index[chosen_axis] = slice(None)
    np.testing.assert_array_equal(
        da.take(stack.values, chosen, chosen_axis)[tuple(index)],
        expected.take(chosen, chosen_axis)[tuple(index)],
    )


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_reading_a_pixel_reads_no_other_chunks_of_the_file(path, axis, monkeypatch):
    monkeypatch.setattr(zarr_arrays, "MOST_CHUNKS", 1)  # dask's chunks are many of the file's
    save(path, np.moveaxis(np.ones((9, 8, 6), ">f4"), -1, axis), chunks=(1, 1, 1))
    stack = read_stack(path, feature_axis=axis)
    assert stack.values.npartitions == 1
    for chunk in (path / "c").rglob("*"):
        position = chunk.relative_to(path / "c").parts
        spatial = [part for number, part in enumerate(position) if number != axis]
        if chunk.is_file() and spatial != ["3", "4"]:
            chunk.write_bytes(b"damaged")
    np.testing.assert_array_equal(stack.vector((3, 4)), np.ones(6))
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the codec says
        stack.vector((3, 5))


def test_opening_a_terabyte_makes_no_more_chunks_than_dask_can_slice(path):
    zarr.create_array(str(path), shape=(60_000, 40_000, 128), chunks=(64, 64, 16), dtype="f4")
    values = read_stack(path).values
    assert values.nbytes > 1e12
    assert values.npartitions < 1.1 * MOST_CHUNKS
    assert all(
        length % chunk == 0 for length, chunk in zip(values.chunksize, (64, 64, 16), strict=True)
    )
    np.testing.assert_array_equal(values[59_999, 39_999], 0)


def test_chunks_are_those_of_the_file_where_they_are_not_too_many(path):
    assert read_stack(save(path, CUBE, chunks=(2, 3, 1))).values.chunksize == (2, 3, 1)


def test_more_than_the_free_memory_is_opened_all_the_same(path, free_memory):
    save(path, CUBE)
    with free_memory(0):
        assert read_stack(path).values.shape == CUBE.shape


def test_values_are_read_in_another_process_too(path):
    values = read_stack(save(path, CUBE), feature_axis=0).values
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(values)), np.moveaxis(CUBE, 0, -1))


def deleted(path: Path) -> None:
    rmtree(path)


def written_anew(path: Path) -> None:
    save(path, CUBE + 1, overwrite=True)


def written_in_another_shape(path: Path) -> None:
    save(path, np.ones((6, 8, 5), np.float32), overwrite=True)


@pytest.mark.parametrize("change", [deleted, written_anew, written_in_another_shape])
def test_folder_that_has_changed_is_named_with_what_to_do(path, zarr_format, change):
    values = read_stack(save(path, CUBE, zarr_format=zarr_format)).values
    np.testing.assert_array_equal(values, CUBE)
    change(path)  # zarr takes a chunk that is missing for one without values
    with pytest.raises(DatasetError) as caught:
        values[0].compute()
    assert caught.value.file == str(path)
    assert caught.value.remedy == "Open the file again."


def test_changed_array_of_a_group_is_named_with_its_folder(path, group):
    values = read_stack(path, array="first").values
    rmtree(path / "first")
    with pytest.raises(DatasetError) as caught:
        values[0].compute()
    assert caught.value.file == str(path / "first")


def test_change_elsewhere_in_a_group_is_none(path, group):
    values = read_stack(path, array="first").values
    rmtree(path / "second")
    group.attrs["note"] = "another one"
    np.testing.assert_array_equal(values, CUBE)


def test_folder_written_anew_shows_its_new_values(path):
    old = read_stack(save(path, CUBE))
    new = read_stack(save(path, CUBE + 1, overwrite=True))
    assert old.values.name != new.values.name  # dask's caches go by the name


# Axes


@pytest.mark.parametrize("name", ["c", "Channel", "features", "BAND"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_axis_called_features_comes_last(path, zarr_format, name, axis):
    names = ["y", "x"]
    names.insert(axis, name)
    options = (
        {"dimension_names": names}
        if zarr_format == 3
        else {"attributes": {"_ARRAY_DIMENSIONS": names}}
    )
    save(path, CUBE, zarr_format=zarr_format, **options)
    np.testing.assert_array_equal(read_stack(path).values, np.moveaxis(CUBE, axis, -1))


@pytest.mark.parametrize("names", [["c"], "cyx", 3, None, [None, 3, "x"], ["z", "y", "x"]])
def test_names_that_tell_of_no_features_are_passed_over(path, names):
    save(path, CUBE, zarr_format=2, attributes={"_ARRAY_DIMENSIONS": names})
    assert read_stack(path).values.shape == CUBE.shape


def test_axis_that_nothing_tells_is_a_guess(path, zarr_format):
    save(path, CUBE, zarr_format=zarr_format)
    assert read_stack(path).is_axis_guessed
    assert read_stack(path).values.shape == CUBE.shape
    assert not read_stack(path, feature_axis=2).is_axis_guessed


@pytest.mark.parametrize(
    "known", [{"dimension_names": ["c", "y", "x"]}, {"attributes": {"feature_labels": [*"abcde"]}}]
)
def test_axis_that_names_or_labels_tell_is_no_guess(path, known):
    save(path, CUBE, **known)
    assert not read_stack(path).is_axis_guessed


def test_axis_of_what_was_written_is_no_guess(path):
    write_array(path, FeatureStack(values=CUBE, name="Meadow"))
    assert not read_stack(path).is_axis_guessed


@pytest.mark.parametrize(
    ("axis", "shape"), [(0, (4, 5, 3)), (1, (3, 5, 4)), (2, (3, 4, 5)), (-1, (3, 4, 5))]
)
def test_axis_asked_for_counts_more_than_its_name(path, axis, shape):
    save(path, CUBE, dimension_names=["y", "c", "x"])
    assert read_stack(path, feature_axis=axis).values.shape == shape


@pytest.mark.parametrize("axis", [3, -4])
def test_axis_that_the_array_lacks_is_an_error(path, axis):
    error = error_of(save(path, CUBE), feature_axis=axis)
    assert f"no axis {axis}" in error.found
    assert "(3, 4, 5)" in error.found


# Groups


def test_each_stack_of_a_group_is_read_and_what_is_none_is_skipped(path, group):
    first, second = read_stacks(path)
    assert [first.name, second.name] == ["cube.zarr: first", "cube.zarr: second"]
    np.testing.assert_array_equal(first.values, CUBE)
    np.testing.assert_array_equal(second.values, CUBE[:2])
    assert stack_names(path) == ["first", "second"]
    assert array_names(path) == {"complex": False, "first": True, "mean": False, "second": True}


def test_array_of_a_group_is_chosen_by_its_name(path, group):
    stack = read_stack(path, array="second")
    np.testing.assert_array_equal(stack.values, CUBE[:2])
    assert stack.name == "cube.zarr"


def test_name_of_the_array_is_asked_for_where_there_are_several(path, group):
    assert error_of(path).found == "2 feature stacks, first, second"


@pytest.mark.parametrize("name", ["mean", "missing", "deep/third", ""])
def test_array_of_a_group_that_is_no_stack_or_missing_is_an_error(path, group, name):
    found = error_of(path, array=name).found
    assert repr(name) in found
    assert "first (3, 4, 5) float32" in found


def test_single_array_has_no_named_ones(path):
    assert "'cube'" in error_of(save(path, CUBE), array="cube").expected
    assert array_names(path) is None


def test_group_without_a_stack_lists_no_more_than_ten_arrays(path):
    group = zarr.create_group(str(path))
    for number in range(12):
        group.create_array(f"array{number}", data=np.ones(5))
    found = error_of(path).found
    assert "array0 (5,) float64; array1 " in found
    assert found.endswith("and 2 more")


# Attributes


@pytest.mark.parametrize("in_group", [False, True])
def test_what_was_written_is_restored(path, in_group):
    stack = FeatureStack(
        values=CUBE,
        name="Meadow",
        feature_labels=["red", 550.0, 650, "a", "b"],
        placement=Placement((4.0, 8.0), (1.5, 0.0)),
    )
    if in_group:
        zarr.create_group(str(path))
        write_array(path / "features.zarr", stack)
    else:
        write_array(path, stack)
    again = read_stack(path)
    assert again.name == "Meadow"
    assert again.feature_labels == ("red", 550.0, 650, "a", "b")
    assert again.placement == stack.placement
    np.testing.assert_array_equal(again.values, CUBE)


def test_labels_and_placement_mean_nothing_along_another_axis(path):
    save(path, CUBE, attributes={"feature_labels": [*"abcde"], "stride": [2, 2], "offset": [0, 0]})
    stack = read_stack(path, feature_axis=0)
    assert stack.feature_labels == (0, 1, 2)
    assert stack.placement is None


@pytest.mark.parametrize(
    "attributes",
    [{"name": 5}, {"offset": [1, 2, 3]}, {"stride": "four"}, {"name": None, "units": {}}],
)
def test_what_others_mean_by_our_words_is_passed_over(path, attributes):
    stack = read_stack(save(path, CUBE, attributes=attributes))
    assert stack.name == "cube.zarr"
    assert stack.placement is None


@pytest.mark.parametrize(
    ("attributes", "key", "found"),
    [
        ({"feature_labels": "abcde"}, "feature_labels", "abcde"),
        ({"feature_labels": ["a"]}, "feature_labels", "1 labels"),
        ({"feature_labels": [1, 2, 3, 4, None]}, "feature_labels", "the label null"),
        ({"feature_labels": [1, 2, 3, 4, float("nan")]}, "feature_labels", "the label NaN"),
        ({"stride": [4], "offset": [0, 0]}, "stride", "[4]"),
        ({"stride": [4, 0], "offset": [0, 0]}, "stride", "[4, 0]"),
        ({"stride": [4, 4], "offset": [0, "x"]}, "offset", '[0, "x"]'),
        ({"stride": [4, 4], "offset": [0, True]}, "offset", "[0, true]"),
        ({"stride": [4, 4], "offset": [0, float("inf")]}, "offset", "[0, Infinity]"),
        ({"stride": {"y": 1}, "offset": [0] * 99}, "stride", '{"y": 1}'),
        ({"stride": [1, 1], "offset": [0] * 99}, "offset", "..."),
    ],
)
def test_wrong_attribute_is_named(path, zarr_format, attributes, key, found):
    save(path, CUBE, attributes=attributes, zarr_format=zarr_format)
    error = error_of(path)
    assert error.member == f'attribute "{key}"'
    assert found in error.found
    assert len(error.found) <= len("the value ") + 60
    assert error.expected


def test_wrong_attribute_of_a_group_names_the_array_too(path):
    group = zarr.create_group(str(path))
    group.create_array("features", data=CUBE, attributes={"feature_labels": 7})
    assert error_of(path).member == 'features, attribute "feature_labels"'


# URLs


@pytest.fixture
def url(request) -> Iterator[str]:
    """Where nothing is yet, in a file system that lives in memory."""
    folder = f"memory://{request.node.name.partition('[')[0]}"
    yield f"{folder}/cube.zarr"
    files_in_memory = fsspec.filesystem("memory")
    if files_in_memory.exists(folder):
        files_in_memory.rm(folder, recursive=True)


def test_array_behind_a_url_is_read_as_one_in_a_folder(url, path, zarr_format):
    options = {"zarr_format": zarr_format, "chunks": (2, 2, 5), "attributes": {"name": "Meadow"}}
    for location in (url, path):
        zarr.create_array(str(location), data=CUBE, **options)
    remote, local = read_stack(url), read_stack(path)
    assert remote.is_lazy
    assert remote.name == local.name == "Meadow"
    assert remote.values.chunks == local.values.chunks
    np.testing.assert_array_equal(remote.values, CUBE)
    np.testing.assert_array_equal(remote.vector((1, 2)), CUBE[1, 2])
    assert looks_like_stack(url)


def test_array_behind_a_url_is_named_after_its_last_part(url):
    zarr.create_array(url, data=CUBE)
    assert read_stack(url).name == "cube.zarr"


def test_features_of_an_array_behind_a_url_may_lie_along_any_axis(url):
    zarr.create_array(url, data=CUBE)
    np.testing.assert_array_equal(read_stack(url, feature_axis=0).values, np.moveaxis(CUBE, 0, -1))


def test_each_stack_of_a_group_behind_a_url_is_read(url):
    group = zarr.create_group(url)
    group.create_array("first", data=CUBE)
    group.create_array("mean", data=CUBE.mean((0, 1)))
    group.create_array("second", data=CUBE[:2])
    assert array_names(url) == {"first": True, "mean": False, "second": True}
    assert [stack.name for stack in read_stacks(url)] == ["cube.zarr: first", "cube.zarr: second"]
    np.testing.assert_array_equal(read_stack(url, array="second").values, CUBE[:2])


def test_url_without_a_zarr_is_an_error(url):
    error = error_of(url)
    assert error.found == "nothing that is a Zarr"
    assert "zarr.json" in error.expected
    assert not looks_like_stack(url)


def test_damaged_metadata_behind_a_url_are_an_error(url):
    zarr.create_array(url, data=CUBE)
    fsspec.filesystem("memory").pipe(f"{url}/zarr.json", b"{")
    assert error_of(url).found.startswith("metadata or a codec that Zarr does not know (")


@pytest.fixture
def site(path) -> Iterator[str]:
    """The address of a web server with a Zarr array, which lists no folders."""
    pytest.importorskip("aiohttp", reason="fsspec reads http:// with aiohttp only")
    save(path, CUBE, chunks=(2, 4, 5))
    contents = {
        file.relative_to(path.parent).as_posix(): file.read_bytes()
        for file in path.rglob("*")
        if file.is_file()
    }
    with serving(files(contents)) as address:
        yield address


def test_array_is_read_from_a_web_server(site):
    stack = read_stack(f"{site}/cube.zarr")
    np.testing.assert_array_equal(stack.values, CUBE)
    assert stack.values.npartitions == 2
    assert stack.name == "cube.zarr"


def test_array_on_a_web_server_is_read_by_another_process_too(site):
    values = pickle.loads(pickle.dumps(read_stack(f"{site}/cube.zarr").values))
    np.testing.assert_array_equal(values, CUBE)


def test_web_server_without_the_array_is_an_error(site):
    assert error_of(f"{site}/other.zarr").found == "nothing that is a Zarr"


def test_web_server_that_does_not_answer_is_an_error():
    pytest.importorskip("aiohttp", reason="fsspec reads http:// with aiohttp only")
    with serving(files({})) as address:
        pass  # nobody serves there any more
    error = error_of(f"{address}/cube.zarr")
    assert error.found.startswith("nothing that can be read (")
    assert "connection" in error.remedy
    assert looks_like_stack(f"{address}/cube.zarr")  # opening it tells why it fails


def test_web_server_that_denies_the_array_is_an_error():
    pytest.importorskip("aiohttp", reason="fsspec reads http:// with aiohttp only")
    with serving(lambda request: request.send_error(403)) as address:
        assert "403" in error_of(f"{address}/cube.zarr").found


def test_protocol_that_nobody_knows_is_an_error():
    assert "unheard-of" in error_of("unheard-of://example.org/cube.zarr").found


def test_package_that_a_protocol_needs_is_named(monkeypatch):
    needed = {"class": "not_there.Files", "err": "Install not_there\nfor such files"}
    monkeypatch.setitem(known_implementations, "needy", needed)
    error = error_of("needy://bucket/cube.zarr")
    assert error.found == "a URL that needs another package (Install not_there)"
    assert "pip install" in error.remedy


@pytest.mark.parametrize(
    ("url", "package", "command"),
    [
        ("s3://bucket/cube.zarr", "s3fs", 'Install s3fs: pip install "napari-ifealid[cubes]"'),
        ("gs://bucket/cube.zarr", "gcsfs", 'Install it: pip install "gcsfs"'),
    ],
)
def test_missing_package_for_a_store_in_the_cloud_is_named_with_its_command(
    monkeypatch, url, package, command
):
    monkeypatch.setitem(sys.modules, package, None)
    error = error_of(url)
    assert package in error.found
    assert error.remedy == command
    assert looks_like_stack(url)


# What is no stack


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (np.ones((4, 5)), "(4, 5)"),
        (np.ones(()), "()"),
        (np.ones((3, 0, 5)), "(3, 0, 5)"),
        (CUBE.astype(complex), "complex128"),
        (np.full((3, 4, 5), "text"), "<U4"),
        (np.full((3, 4, 5), "2024-01-01", "M8[s]"), "datetime64"),
        (np.zeros((3, 4, 5), [("band", "f4")]), "band"),
    ],
)
def test_array_that_is_no_feature_stack_is_an_error(path, zarr_format, values, found):
    zarr.create_array(str(path), shape=values.shape, dtype=values.dtype, zarr_format=zarr_format)
    assert looks_like_stack(path)
    assert found in error_of(path).found


@pytest.mark.skipif(
    not hasattr(np.dtypes, "StringDType"), reason="NumPy before 2.0 has no texts of any length"
)
def test_array_of_texts_of_any_length_is_an_error(path, zarr_format):
    zarr.create_array(
        str(path), shape=(3, 4, 5), dtype=np.dtypes.StringDType(), zarr_format=zarr_format
    )
    assert looks_like_stack(path)
    assert "String" in error_of(path).found


def test_missing_folder_is_no_such_file(path):
    assert error_of(path).found == "no such file"


def test_folder_that_is_no_zarr_is_an_error(path):
    path.mkdir()
    assert error_of(path).found == "nothing that is a Zarr"


def test_file_is_an_error(path):
    path.touch()
    assert error_of(path).found == "nothing that is a Zarr"


@pytest.mark.parametrize(
    "changes",
    [
        {"codecs": [{"name": "bytes"}, {"name": "unheard_of"}]},
        {"codecs": 5},
        {"data_type": "unheard_of"},
        {"shape": [3, -4, 5]},
        {"dimension_names": ["y"]},
        {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [0, 4, 5]}}},
        {"chunk_grid": {"name": "unheard_of"}},
        {"zarr_format": 9},
        {"node_type": "unheard_of"},
        {"attributes": [1]},
    ],
)
def test_metadata_that_zarr_does_not_know_are_an_error(path, changes):
    save(path, CUBE)
    metadata = json.loads((path / "zarr.json").read_bytes())
    (path / "zarr.json").write_text(json.dumps(metadata | changes))
    assert error_of(path).found.startswith("metadata or a codec that Zarr does not know (")
    assert looks_like_stack(path)


@pytest.mark.parametrize(
    "changes",
    [{"compressor": {"id": "unheard_of"}}, {"dtype": "|O"}, {"filters": 5}, {"chunks": [1]}],
)
def test_metadata_of_version_2_that_zarr_does_not_know_are_an_error(path, changes):
    save(path, CUBE, zarr_format=2)
    metadata = json.loads((path / ".zarray").read_bytes())
    (path / ".zarray").write_text(json.dumps(metadata | changes))
    error_of(path)


def make_odd(path: Path, name: str) -> None:
    metadata = json.loads((path / name / "zarr.json").read_bytes())
    codecs = {"codecs": [{"name": "bytes"}, {"name": "unheard_of"}]}
    (path / name / "zarr.json").write_text(json.dumps(metadata | codecs))


def test_odd_array_of_a_group_leaves_the_others_readable(path):
    group = zarr.create_group(str(path))
    group.create_array("cube", data=CUBE)
    group.create_array("odd", data=CUBE)
    make_odd(path, "odd")
    (stack,) = read_stacks(path)
    np.testing.assert_array_equal(stack.values, CUBE)
    assert array_names(path) == {"cube": True, "odd": False}
    assert "unheard_of" in error_of(path, array="odd").found
    make_odd(path, "cube")
    assert "odd (" in error_of(path).found
    assert looks_like_stack(path)


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=3))
@settings(max_examples=60)
def test_damaged_metadata_raise_no_other_errors(tmp_path_factory, at, damage):
    path = save(tmp_path_factory.mktemp("damaged") / "a.zarr", CUBE)
    content = (path / "zarr.json").read_bytes()
    at %= len(content)
    (path / "zarr.json").write_bytes(content[:at] + damage + content[at + len(damage) :])
    looks_like_stack(path)
    with suppress(DatasetError):
        read_stacks(path)


# Which folders are ours


def test_arrays_and_groups_with_stacks_are_ours(tmp_path, path, group):
    assert looks_like_stack(path)
    assert looks_like_stack(save(tmp_path / "UPPER.ZARR", CUBE))


def test_folders_of_another_kind_are_not_ours(tmp_path):
    zarr.create_group(str(tmp_path / "flat.zarr")).create_array("a", data=np.ones((3, 4)))
    zarr.create_group(str(tmp_path / "empty.zarr"))
    (tmp_path / "folder.zarr").mkdir()
    (tmp_path / "file.zarr").touch()
    save(tmp_path / "images", CUBE)
    names = ("flat.zarr", "empty.zarr", "folder.zarr", "file.zarr", "images", "missing.zarr")
    assert not any(looks_like_stack(tmp_path / name) for name in names)


@pytest.mark.parametrize("attributes", [{"multiscales": [{}]}, {"ome": {"multiscales": [{}]}}])
def test_ome_zarr_image_is_left_to_others_unless_it_is_asked_for(path, attributes):
    group = zarr.create_group(str(path), attributes=attributes)
    group.create_array("0", data=CUBE, dimension_names=["c", "y", "x"])
    group.create_array("1", data=CUBE[:, ::2, ::2], dimension_names=["c", "y", "x"])
    assert not looks_like_stack(path)
    assert read_stack(path, array="0").values.shape == (4, 5, 3)


def test_reading_none_of_the_arrays_is_an_error(path, group):
    with pytest.raises(DatasetError, match="'other'"):
        read_zarr(path, array="other")


# Written


def test_values_are_scaled_as_cf_says(tmp_path):
    stored = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    simple = {"scale_factor": 0.5, "_FillValue": 3}
    shifted = simple | {"add_offset": 10.0}
    for name, attributes in (("a", simple), ("b", shifted)):
        path = tmp_path / f"{name}.zarr"
        zarr.create_array(str(path), data=stored, attributes=attributes)
    expected = np.where(stored == 3, np.nan, stored * 0.5)
    (a,), (b,) = (read_zarr(tmp_path / f"{name}.zarr") for name in "ab")
    assert (a.gain, a.nodata) == (0.5, 3.0)
    np.testing.assert_array_equal(a.real_values(np.asarray(a.values)), expected)
    assert b.stores_real_values
    np.testing.assert_array_equal(np.asarray(b.values), (expected + 10).astype(np.float32))


def test_attributes_of_others_that_are_called_like_ours_are_passed_over(tmp_path):
    attributes = {"pixel_size": 0.5, "georeference": "here", "good_bands": 7}
    zarr.create_array(str(tmp_path / "a.zarr"), data=np.ones((2, 3, 4)), attributes=attributes)
    (stack,) = read_zarr(tmp_path / "a.zarr")
    assert (stack.pixel_size, stack.georeference, stack.bands.is_good) == (None, None, None)


def test_wrong_attribute_beside_labels_is_an_error_that_names_it(tmp_path):
    attributes = {"feature_labels": [1, 2, 3, 4], "good_bands": [True]}
    zarr.create_array(str(tmp_path / "a.zarr"), data=np.ones((2, 3, 4)), attributes=attributes)
    with pytest.raises(DatasetError, match='attribute "good_bands"; expected a list of 4'):
        read_zarr(tmp_path / "a.zarr")


@pytest.fixture
def of_xarray(path, zarr_format) -> zarr.Group:
    """A group as xarray writes it, with missing values, wavelengths and good bands."""
    group = zarr.create_group(str(path), zarr_format=zarr_format)
    encoded = b64encode(struct.pack("<d", -9999.0)).decode()

    def add(name: str, values: Any, *dimensions: str, **attributes: Any) -> None:
        if zarr_format == 2:
            options: dict[str, Any] = {"fill_value": -9999}
            attributes["_ARRAY_DIMENSIONS"] = list(dimensions)
        else:
            options = {"dimension_names": dimensions}
            attributes["_FillValue"] = encoded
        group.create_array(name, data=np.asarray(values), attributes=attributes, **options)

    add("reflectance", np.where(CUBE == 7, -9999, CUBE), "wavelength", "y", "x")
    add("wavelength", [400.5, 500.0, 600.0], "wavelength", units="nm")
    add("fwhm", [8.0, 9.0, 10.0], "wavelength", units="nm")
    add("good_wavelengths", [1, 0, 1], "wavelength")
    add("y", np.arange(4.0), "y")
    return group


def test_missing_values_of_xarray_are_none(path, of_xarray):
    stack = read_stack(path)
    expected = np.moveaxis(np.where(CUBE == 7, np.nan, CUBE), 0, -1)
    np.testing.assert_array_equal(stack.real_values(np.asarray(stack.values)), expected)


def test_wavelengths_widths_and_good_bands_beside_an_array_are_known(path, of_xarray):
    stack = read_stack(path)
    assert stack.feature_labels == ("400.5 nm", "500.0 nm", "600.0 nm")
    assert stack.bands.widths == (8.0, 9.0, 10.0)
    assert stack.bands.is_good == (True, False, True)


def test_wavelengths_tell_the_axis_of_an_array_without_names(path, zarr_format):
    group = zarr.create_group(str(path), zarr_format=zarr_format)
    group.create_array("cube", data=CUBE)
    group.create_array("wavelengths", data=np.array([400.0, 500.0, 600.0]))
    stack = read_stack(path)
    assert stack.values.shape == (4, 5, 3)
    assert stack.feature_labels == (400.0, 500.0, 600.0)
    assert not stack.is_axis_guessed


def test_labels_of_our_own_count_more_than_wavelengths_beside_them(path, zarr_format):
    group = zarr.create_group(str(path), zarr_format=zarr_format)
    attributes = {"feature_labels": ["a", "b", "c", "d", "e"]}
    group.create_array("cube", data=CUBE, attributes=attributes)
    group.create_array("wavelengths", data=np.array([400.0, 500.0, 600.0]))
    stack = read_stack(path)
    assert stack.values.shape == CUBE.shape
    assert stack.feature_labels == ("a", "b", "c", "d", "e")


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of memory is Linux's")
def test_hundreds_of_millions_of_features_cost_no_label_each(path):
    count = 300_000_000
    zarr.create_array(str(path), shape=(2, 2, count), chunks=(1, 1, count), dtype=np.uint8)
    reader = "import dask.array, zarr\nfrom napari_ifealid.formats import read_stacks"
    tell = "(one,) = read_stacks(path); print(one.values.shape)"
    assert outcome(reader, tell, path, spare=300 * MEGABYTE) == f"(2, 2, {count})"


@pytest.mark.parametrize("in_group", [False, True])
@pytest.mark.parametrize("lengths", [[0, 4, 5], [3, 4, 0]])
def test_chunks_without_values_are_refused(path, zarr_format, in_group, lengths):
    """Newer versions of Zarr take them for others, and the values for missing ones."""
    if in_group:
        zarr.open_group(path, mode="w", zarr_format=zarr_format)
    folder = save(path / "cube" if in_group else path, CUBE, zarr_format=zarr_format)
    file = folder / ("zarr.json" if zarr_format == 3 else ".zarray")
    metadata = json.loads(file.read_text())
    if zarr_format == 3:
        metadata["chunk_grid"]["configuration"]["chunk_shape"] = lengths
    else:
        metadata["chunks"] = lengths
    file.write_text(json.dumps(metadata))
    assert looks_like_stack(path)
    with pytest.raises(DatasetError, match="chunk"):
        read_stack(path, array="cube" if in_group else None)


@pytest.mark.parametrize("shape", [(2**64, 4, 5), (2, 2, 2**50)])
def test_shape_that_no_computer_could_hold_is_refused(path, zarr_format, shape):
    zarr.create_array(str(path), shape=shape, chunks=(1, 1, 1), dtype="f4", zarr_format=zarr_format)
    with pytest.raises(DatasetError) as caught:
        read_stack(path)
    assert caught.value.file == str(path)


def test_features_in_more_chunks_than_anybody_waits_for_are_refused(path, zarr_format):
    zarr.create_array(
        str(path), shape=(2, 2, 100_000), chunks=(2, 2, 5), dtype="u1", zarr_format=zarr_format
    )
    with pytest.raises(DatasetError, match="20,000 chunks"):
        read_stack(path)
