from __future__ import annotations

from concurrent.futures import CancelledError
from types import SimpleNamespace

import dask.array as da
import numpy as np
import psutil
import pytest

from napari_ifealid import DatasetError, FeatureStack
from napari_ifealid.formats import blocks, write_array, write_stack
from napari_ifealid.formats.loading import loaded, loaded_block
from napari_ifealid.stack import Placement

VALUES = np.random.default_rng(3).integers(0, 256, (7, 9, 5)).astype(np.uint8)


@pytest.fixture
def on_disk(monkeypatch) -> FeatureStack:
    """A stack that is read in several blocks."""
    monkeypatch.setattr(blocks, "LAZY_VALUES", 100)
    return FeatureStack(
        values=da.from_array(VALUES, chunks=(3, 4, 2)),
        name="lazy",
        placement=Placement((4.0, 4.0), (0.0, 0.0)),
        feature_labels=[*"abcde"],
    )


@pytest.fixture
def damaged() -> FeatureStack:
    def read(block):
        raise RuntimeError("a checksum is wrong")

    values = da.zeros((4, 4, 4), chunks=2).map_blocks(read, dtype=float)
    return FeatureStack(values=values, name="damaged")


def test_loaded_stack_is_the_same_but_in_memory(on_disk):
    stack = loaded(on_disk)
    assert isinstance(stack.values, np.ndarray)
    np.testing.assert_array_equal(stack.values, VALUES)
    assert (stack.name, stack.placement) == (on_disk.name, on_disk.placement)
    assert stack.feature_labels == on_disk.feature_labels


def test_stack_in_memory_is_returned_as_it_is(stack):
    assert loaded(stack) is stack


def test_no_more_than_the_free_memory_is_loaded(on_disk, monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=10))
    with pytest.raises(DatasetError, match="lazy: found a need for 0 MB of memory"):
        loaded(on_disk)


def test_values_that_cannot_be_read_are_an_error_that_says_why(damaged):
    with pytest.raises(DatasetError, match=r"damaged: found .*a checksum is wrong"):
        loaded_block(damaged, (slice(1), slice(1), slice(1)))
    with pytest.raises(DatasetError, match="a checksum is wrong"):
        loaded(damaged)


def test_progress_is_told_and_cancels(on_disk):
    told = []

    def track(items, *, total, desc):
        told.append((total, desc))
        return items[:2]

    with pytest.raises(CancelledError):
        loaded(on_disk, track=track)
    ((total, description),) = told
    assert total > 2
    assert description == "Reading lazy"


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_stack_on_disk_is_written_as_one_in_memory(tmp_path, on_disk, suffix):
    write_array(tmp_path / f"a{suffix}", on_disk)
    write_array(tmp_path / f"b{suffix}", loaded(on_disk))
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_dataset_of_a_stack_on_disk_is_that_of_one_in_memory(tmp_path, on_disk):
    write_stack(tmp_path / "a.zip", on_disk)
    write_stack(tmp_path / "b.zip", loaded(on_disk))
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
