from __future__ import annotations

from concurrent.futures import CancelledError

import dask.array as da
import numpy as np
import pytest

from napari_ifealid import DatasetError, FeatureStack
from napari_ifealid.formats import array_blocks, blocks, write_array, write_stack, zarr_writer
from napari_ifealid.formats.loading import cannot_read, loaded, loaded_block
from napari_ifealid.stack import Placement

VALUES = np.random.default_rng(3).integers(0, 256, (7, 9, 5)).astype(np.uint8)


@pytest.fixture
def lazy_stack(monkeypatch) -> FeatureStack:
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


def test_loaded_stack_is_the_same_but_in_memory(lazy_stack):
    stack = loaded(lazy_stack)
    assert isinstance(stack.values, np.ndarray)
    np.testing.assert_array_equal(stack.values, VALUES)
    assert (stack.name, stack.placement) == (lazy_stack.name, lazy_stack.placement)
    assert stack.feature_labels == lazy_stack.feature_labels


def test_stack_in_memory_is_returned_as_it_is(stack):
    assert loaded(stack) is stack


def test_no_more_than_the_free_memory_is_loaded(lazy_stack, free_memory):
    needed = r"^a need for 315 bytes of memory: lazy; .* 314 bytes that are free"
    with free_memory(VALUES.nbytes - 1), pytest.raises(DatasetError, match=needed):
        loaded(lazy_stack)
    with free_memory(VALUES.nbytes):
        loaded(lazy_stack)


def test_values_that_cannot_be_read_are_an_error_that_says_why(damaged):
    with pytest.raises(DatasetError, match=r"^values .*a checksum is wrong.*: damaged"):
        loaded_block(damaged, (slice(1), slice(1), slice(1)))
    with pytest.raises(DatasetError, match="a checksum is wrong"):
        loaded(damaged)


def test_error_that_says_it_all_stays_as_it_is():
    error = DatasetError("a cat", expected="a dog", remedy="Ask the dog.", file="a.npy")
    assert cannot_read("lazy", error) is error


def test_error_that_names_no_file_gets_the_name_of_the_stack():
    error = DatasetError("too large a chunk", expected="a smaller one", remedy="Copy it again.")
    assert cannot_read("lazy", error).file == "lazy"


def test_other_errors_are_told_in_one_line_with_the_name_of_the_stack():
    error = cannot_read("lazy", RuntimeError("a checksum is wrong\nat line 5"))
    assert (error.file, error.found) == ("lazy", "values that can't be read (a checksum is wrong)")
    assert error.remedy


def test_progress_is_told_and_cancels(lazy_stack):
    told = []

    def track(items, *, total, desc):
        told.append((total, desc))
        return items[:2]

    with pytest.raises(CancelledError):
        loaded(lazy_stack, track=track)
    ((total, description),) = told
    assert total > 2
    assert description == "Reading lazy"


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".zarr", ".hdr", ".tif"])
@pytest.mark.parametrize("largest", [1 << 28, 10])
def test_lazy_stack_is_written_as_one_in_memory_without_being_loaded(
    tmp_path, lazy_stack, free_memory, monkeypatch, contents, suffix, largest
):
    for module in (array_blocks, zarr_writer):
        monkeypatch.setattr(module, "LARGEST_READ", largest)
    monkeypatch.setattr(array_blocks, "MOST_VALUES", 10)
    monkeypatch.setattr(zarr_writer, "CHUNK_BYTES", 50)  # tiles of 3 × 3 pixels
    for name, one in (("a", lazy_stack), ("b", loaded(lazy_stack))):
        (tmp_path / name).mkdir()
        with free_memory(0):
            write_array(tmp_path / name / f"cube{suffix}", one)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_dataset_of_a_lazy_stack_is_that_of_one_in_memory(tmp_path, lazy_stack):
    write_stack(tmp_path / "a.zip", lazy_stack)
    write_stack(tmp_path / "b.zip", loaded(lazy_stack))
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
