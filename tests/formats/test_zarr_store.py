from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
import zarr

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import looks_like_stack, read_stack
from napari_ifealid.formats.loading import loaded
from napari_ifealid.formats.zarr_store import MOST_METADATA, CarefulStore

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes and devices"),
    pytest.mark.timeout(60),  # who opens a pipe waits for ever
]

VALUES = np.arange(60, dtype=np.float32).reshape(3, 4, 5)


def pipe(path: Path) -> str:
    os.mkfifo(path)
    return "a pipe (FIFO), not a file"


def endless(path: Path) -> str:
    path.symlink_to("/dev/zero")
    return "a device, not a file"


def folder(path: Path) -> str:
    path.mkdir()
    return "a folder, not a file"


@pytest.fixture
def path(tmp_path) -> Path:
    zarr.create_array(str(tmp_path / "a.zarr"), data=VALUES, chunks=(3, 4, 5), zarr_format=2)
    return tmp_path / "a.zarr"


@pytest.mark.parametrize("make", [pipe, endless, folder])
@pytest.mark.parametrize("name", [".zattrs", ".zarray"])
def test_metadata_that_are_no_file_are_refused(path, make, name):
    (path / name).unlink(missing_ok=True)
    (path / ".zgroup").write_text("{")  # else nothing marks it
    reason = make(path / name)
    with pytest.raises(DatasetError) as caught:
        read_stack(path)
    assert caught.value.found == reason
    assert caught.value.member == name
    assert looks_like_stack(path)


@pytest.mark.parametrize("make", [pipe, endless, folder])
def test_chunk_that_is_no_file_is_refused_and_no_chunk_of_fill_values(path, make):
    (path / "0.0.0").unlink()
    reason = make(path / "0.0.0")
    for location in (path, path.as_uri()):
        with pytest.raises(DatasetError) as caught:
            loaded(read_stack(location))
        assert caught.value.found == reason
    assert caught.value.member == "0.0.0"


@pytest.mark.parametrize("make", [pipe, endless, folder])
def test_array_of_a_group_that_is_no_file_is_refused(tmp_path, make):
    group = zarr.create_group(str(tmp_path / "g.zarr"), zarr_format=3)
    group.create_array("good", data=VALUES)
    (tmp_path / "g.zarr/bad").mkdir()
    reason = make(tmp_path / "g.zarr/bad/zarr.json")
    with pytest.raises(DatasetError, match=r"a folder|a pipe|a device") as caught:
        read_stack(tmp_path / "g.zarr", array="bad")
    assert reason in str(caught.value)
    np.testing.assert_array_equal(
        loaded(read_stack(tmp_path / "g.zarr", array="good")).values, VALUES
    )


def test_metadata_of_gigabytes_are_not_read(path):
    with (path / ".zattrs").open("wb") as stream:
        stream.truncate(MOST_METADATA + 1)
    with pytest.raises(DatasetError, match=r"metadata of 268,435,457 bytes: a\.zarr, \.zattrs"):
        read_stack(path)


def test_chunk_larger_than_the_free_memory_is_not_read(path, free_memory):
    with (path / "0.0.0").open("wb") as stream:
        stream.truncate(1 << 30)
    stack = read_stack(path)
    with free_memory(10_000), pytest.raises(DatasetError, match=r"a need for 1.07 GB of memory"):
        stack.vector((0, 0))


def test_part_of_a_large_shard_is_read_though_all_of_it_were_too_much(tmp_path, free_memory):
    path = tmp_path / "b.zarr"
    zarr.create_array(str(path), data=VALUES, chunks=(1, 1, 5), shards=(3, 4, 5), compressors=[])
    with (path / "c/0/0/0").open("r+b") as stream:
        index = stream.read()[-(12 * 16 + 4) :]
        stream.truncate(1 << 30)
        stream.seek(0, os.SEEK_END)
        stream.write(index)
    with free_memory(10_000):
        np.testing.assert_array_equal(read_stack(path).vector((2, 3)), VALUES[2, 3])


def test_store_can_be_sent_to_another_process(path):
    store = CarefulStore.at(path)
    again = zarr.open_array(pickle.loads(pickle.dumps(store)), mode="r")
    np.testing.assert_array_equal(again[...], VALUES)


def test_store_can_not_be_written_to(path):
    with pytest.raises(ValueError, match="read-only"):
        zarr.open_array(CarefulStore.at(path), mode="r")[0] = 1
