from __future__ import annotations

import io
import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
from dask.distributed import Client, LocalCluster
from dataset_files import write
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, basic_indices
from real_arrays import NO_STACKS, trapped_array

from napari_ifealid import lazy_arrays
from napari_ifealid.engines import BlockwiseEngine, whole_map
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import (
    file_array,
    looks_like_stack,
    npy,
    read_stack,
    read_stacks,
    write_array,
)
from napari_ifealid.formats.loading import loaded
from napari_ifealid.formats.npy import read_npy
from napari_ifealid.measures.spectral_angle import spectral_angle_similarity
from napari_ifealid.query import Query
from napari_ifealid.stack import FeatureStack

CUBE = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
DTYPES = ["?", "i1", "u1", "<i2", "<u4", "<i8", "<f2", "<f4", "<f8", ">f4", ">u2"]


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "cube.npy"


@pytest.fixture(scope="session")
def read_lazily(free_memory) -> Callable[..., FeatureStack]:
    """Reads a file for which there is too little memory, in blocks of so many bytes."""

    def read(path: Path, block_bytes: int = 40, **options: object) -> FeatureStack:
        with free_memory(0), pytest.MonkeyPatch.context() as patch:
            patch.setattr(lazy_arrays, "BLOCK_BYTES", block_bytes)
            stack = read_stack(path, **options)
        assert stack.is_lazy
        return stack

    return read


def saved(path: Path, values: np.ndarray) -> Path:
    np.save(path, values)
    os.utime(path, (0, 0))  # else a quick change might have the same time
    return path


def error_of(path: Path) -> DatasetError:
    with pytest.raises(DatasetError) as caught:
        read_stacks(path)
    assert caught.value.file == str(path)
    assert caught.value.remedy
    return caught.value


# Arrays that fit into memory


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", ["C", "F"])
def test_real_numbers_of_every_type_and_order_are_read(path, dtype, order):
    array = CUBE.astype(dtype, order=order)
    (stack,) = read_stacks(saved(path, array))
    assert type(stack.values) is np.ndarray
    assert stack.values.dtype == np.dtype(dtype).newbyteorder("=")
    assert stack.values.dtype.isnative
    assert stack.values.flags[f"{order}_CONTIGUOUS"]
    np.testing.assert_array_equal(stack.values, array)


@given(array_shapes(min_dims=3, max_dims=5, max_side=6), st.sampled_from("CF"), st.integers(1, 50))
def test_array_of_any_shape_is_read_in_blocks_of_any_size(tmp_path_factory, shape, order, most):
    values = np.random.default_rng(0).random(shape).astype("f4", order=order)
    path = saved(tmp_path_factory.getbasetemp() / "in_blocks.npy", values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(npy, "LAZY_VALUES", most)
        np.testing.assert_array_equal(read_npy(path).values, values)


def test_stack_is_named_after_its_file(path):
    assert read_npy(saved(path, CUBE)).name == "cube.npy"


def test_shared_array_is_read(shared_data):
    path = shared_data / "synthetic_23x17x9.npy"
    (stack,) = read_stacks(path)
    np.testing.assert_array_equal(stack.values, np.load(path))


def test_half_of_the_free_memory_is_used_and_no_more(path, free_memory):
    saved(path, CUBE)
    with free_memory(2 * CUBE.nbytes):
        assert not read_npy(path).is_lazy
    with free_memory(2 * CUBE.nbytes - 1):
        assert read_npy(path).is_lazy


def test_values_in_memory_outlive_the_file(path):
    stack = read_npy(saved(path, CUBE))
    np.save(path, np.zeros((1, 1, 1)))
    np.testing.assert_array_equal(stack.values, CUBE)
    path.unlink()
    np.testing.assert_array_equal(stack.values, CUBE)


def test_file_that_changes_while_it_is_read_is_an_error(path, monkeypatch):
    monkeypatch.setattr(npy, "LAZY_VALUES", 20)
    saved(path, CUBE)

    def track(blocks, *, total, desc):
        for block in blocks:
            yield block
            np.save(path, -CUBE)

    with pytest.raises(DatasetError, match="changed or replaced since it was opened"):
        read_npy(path, track=track)


def test_file_that_changes_while_it_is_opened_is_an_error(path, monkeypatch):
    saved(path, CUBE)
    read_header = npy.read_header

    def read_slowly(stream):
        header = read_header(stream)
        np.save(path, np.moveaxis(CUBE, 0, -1))
        return header

    monkeypatch.setattr(npy, "read_header", read_slowly)
    assert "changed or replaced" in error_of(path).found


def test_progress_is_told_and_cancels(path, monkeypatch):
    monkeypatch.setattr(npy, "LAZY_VALUES", 20)
    told = []

    def track(blocks, *, total, desc):
        told.append((total, desc))
        return blocks[:2]

    with pytest.raises(CancelledError):
        read_npy(saved(path, CUBE), track=track)
    assert told == [(3, "Opening cube.npy")]


def test_some_values_that_are_not_finite_are_no_error(path):
    array = np.full((3, 4, 5), np.nan)
    array[-1, -1, -1] = 1
    np.testing.assert_array_equal(read_npy(saved(path, array)).values, array)


# Arrays that stay in their file


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", ["C", "F"])
def test_large_array_of_every_type_and_order_stays_in_its_file(path, read_lazily, dtype, order):
    array = CUBE.astype(dtype, order=order)
    stack = read_lazily(saved(path, array))
    assert isinstance(stack.values, da.Array)
    assert stack.values.dtype == np.dtype(dtype).newbyteorder("=")
    assert stack.values.compute().dtype.isnative
    np.testing.assert_array_equal(stack.values, array)
    np.testing.assert_array_equal(stack.vector((1, 2)), array[1, 2])


@st.composite
def stored_arrays(draw: st.DrawFn) -> tuple[np.ndarray, int, int]:
    """An array, the bytes of a block, and an axis for the features."""
    shape = draw(array_shapes(min_dims=3, max_dims=5, max_side=6))
    values = np.random.default_rng(0).random(shape)
    order = draw(st.sampled_from("CF"))
    return (
        values.astype("f8", order),
        draw(st.integers(8, 500)),
        draw(st.integers(0, len(shape) - 1)),
    )


@given(stored_arrays(), st.data())
@settings(max_examples=60)
def test_any_part_of_a_large_array_is_what_numpy_gives(tmp_path_factory, read_lazily, stored, data):
    values, block_bytes, axis = stored
    path = saved(tmp_path_factory.getbasetemp() / "any.npy", values)
    stack = read_lazily(path, block_bytes, feature_axis=axis)
    expected = np.moveaxis(values, axis, -1)
    assert stack.values.shape == expected.shape
    index = data.draw(basic_indices(expected.shape))
    np.testing.assert_array_equal(stack.values[index], expected[index])


@given(stored_arrays(), st.data())
@settings(max_examples=40)
def test_chosen_pixels_and_features_of_a_large_array_are_what_numpy_gives(
    tmp_path_factory, read_lazily, stored, data
):
    values, block_bytes, axis = stored
    path = saved(tmp_path_factory.getbasetemp() / "chosen.npy", values)
    stack = read_lazily(path, block_bytes, feature_axis=axis)
    expected = np.moveaxis(values, axis, -1)
    chosen_axis = data.draw(st.integers(0, values.ndim - 1))
    chosen = data.draw(st.lists(st.integers(0, expected.shape[chosen_axis] - 1), min_size=1))
    index: list[object] = [data.draw(st.sampled_from([0, slice(None)])) for _ in expected.shape]
    index[chosen_axis] = slice(None)
    np.testing.assert_array_equal(
        da.take(stack.values, chosen, chosen_axis)[tuple(index)],
        expected.take(chosen, chosen_axis)[tuple(index)],
    )


def test_blocks_have_all_features_and_their_share_of_bytes(path, read_lazily):
    values = read_lazily(saved(path, np.ones((30, 40, 50))), 8 * 50 * 60).values
    assert values.chunksize[-1] == 50
    assert values.npartitions > 1
    assert np.prod(values.chunksize) <= 50 * 60


def test_map_of_a_large_array_is_that_of_the_definition(shared_data, read_lazily):
    path = shared_data / "synthetic_23x17x9.npy"
    stack, values = read_lazily(path, 2000), np.load(path)
    assert stack.values.npartitions > 4
    region = (slice(0, 23), slice(0, 17))
    similarity = whole_map(
        BlockwiseEngine(stack).parts(Query.to(stack.vector((3, 4))), region), region
    )
    np.testing.assert_allclose(
        similarity, spectral_angle_similarity(values, values[3, 4]), atol=5e-5
    )


def test_values_of_a_large_array_are_not_looked_at(path, read_lazily, monkeypatch):
    saved(path, np.full((3, 4, 5), np.nan))
    monkeypatch.setattr(file_array, "FileIO", lambda _: pytest.fail("a block was read"))
    read_lazily(path)


def overwritten(path: Path) -> None:
    np.save(path, -CUBE)


def overwritten_by_a_smaller_one(path: Path) -> None:
    np.save(path, np.zeros((1, 1, 1)))


def truncated(path: Path) -> None:
    os.truncate(path, 200)


def replaced(path: Path) -> None:
    saved(path.with_name("other.npy"), -CUBE).replace(path)


def deleted(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    "change", [overwritten, overwritten_by_a_smaller_one, truncated, replaced, deleted]
)
def test_change_of_a_large_file_is_an_error_and_not_the_end_of_the_process(
    path, read_lazily, change
):
    stack = read_lazily(saved(path, CUBE))
    before = stack.vector((2, 3))
    change(path)
    for read in (lambda: stack.vector((2, 3)), stack.values.compute, lambda: loaded(stack)):
        with pytest.raises(DatasetError) as caught:
            read()
        assert caught.value.file == str(path)
        assert "opened" in caught.value.expected
        assert caught.value.remedy == "Open the file again."
    np.testing.assert_array_equal(before, CUBE[2, 3])


def test_changed_file_can_be_opened_again(path, read_lazily):
    old = read_lazily(saved(path, CUBE))
    np.save(path, -CUBE)
    new = read_lazily(path)
    np.testing.assert_array_equal(new.values, -CUBE)
    assert old.values.name != new.values.name  # dask's caches go by the name


def test_relative_path_is_read_from_another_folder_too(path, read_lazily, monkeypatch, tmp_path):
    saved(path, CUBE)
    monkeypatch.chdir(tmp_path)
    stack = read_lazily(Path("cube.npy"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    np.testing.assert_array_equal(stack.values, CUBE)


def anonymous_memory() -> int:
    """Return the bytes that this process holds and that are in no file."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    (kilobytes,) = [int(line.split()[1]) for line in lines if line.startswith("Anonymous:")]
    return 1024 * kilobytes


@contextmanager
def watched_memory() -> Iterator[list[int]]:
    """Collect how much memory this process holds, again and again."""
    seen, is_over = [anonymous_memory()], threading.Event()

    def watch() -> None:
        while not is_over.wait(0.005):
            seen.append(anonymous_memory())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        is_over.set()
        thread.join()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what memory is in no file")
@pytest.mark.parametrize("is_fortran", [False, True])
def test_two_gigabytes_are_explored_in_a_few_megabytes(path, free_memory, is_fortran):
    shape, dtype = (4096, 4096, 32), np.dtype("f4")
    np.lib.format.open_memmap(path, "w+", dtype, shape, is_fortran)  # takes no room on the disk
    assert path.stat().st_size > 2e9
    with watched_memory() as seen, free_memory(2**30):
        stack = read_stack(path)
        for place in ((0, 0), (1000, 1), (4095, 4095)):
            np.testing.assert_array_equal(stack.vector(place), np.zeros(32))
        region = (slice(1000, 1040), slice(1000, 1040))
        block = np.asarray(stack.values[region])
        similarity = whole_map(BlockwiseEngine(stack).parts(Query.to(np.ones(32)), region), region)
    assert (block == 0).all()
    assert (similarity == 0).all()
    assert max(seen) - seen[0] < 3e8


def test_cluster_gets_the_path_and_its_workers_read_the_file(path, read_lazily):
    values = np.random.default_rng(0).random((64, 64, 128))
    stack = read_lazily(saved(path, values), 2**20)
    assert stack.values.npartitions > 3
    assert len(pickle.dumps(dict(stack.values.__dask_graph__()))) < 1e-2 * values.nbytes
    region = (slice(0, 64), slice(0, 64))
    process = stack.values.map_blocks(
        lambda block: np.full((1, 1, 1), os.getpid()), chunks=(1, 1, 1), dtype=int
    )
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        Client(cluster),
    ):
        assert os.getpid() not in process.compute()
        similarity = whole_map(BlockwiseEngine(stack).parts(Query.to(values[3, 4]), region), region)
        np.save(path, -values)
        with pytest.raises(DatasetError, match="changed or replaced") as caught:
            stack.values.compute()
    np.testing.assert_allclose(
        similarity, spectral_angle_similarity(values, values[3, 4]), atol=5e-5
    )
    assert caught.value.file == str(path)


# Files that are no good


@pytest.mark.parametrize(("array", "found"), NO_STACKS)
def test_array_that_is_no_feature_stack_is_an_error(path, array, found):
    assert found in error_of(saved(path, array)).found


def content_of(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.mark.parametrize("length", [0, 4, 7, 50, 130, 300])
@pytest.mark.parametrize("memory", [0, 2**30])
def test_truncated_file_is_an_error(path, free_memory, length, memory):
    content = content_of(CUBE)
    assert length < len(content)
    with free_memory(memory):
        error_of(write(path, content[:length]))


def test_damaged_header_is_an_error(path):
    content = content_of(CUBE).replace(b"'fortran_order'", b"'fortran_order ")
    assert "no NumPy array" in error_of(write(path, content)).found


def test_file_that_is_not_from_numpy_is_an_error(path):
    assert "no NumPy array" in error_of(write(path, b"something else")).found


def test_missing_file_is_no_such_file(path):
    assert error_of(path).found == "no such file"


def test_folder_is_an_error(path):
    path.mkdir()
    assert error_of(path).found == "a folder, not a file"


def test_pickled_object_is_not_loaded(path):
    np.save(path, trapped_array(), allow_pickle=True)
    assert "object" in error_of(path).found


@pytest.mark.parametrize(("content", "is_one"), [(content_of(CUBE), True), (b"text", False)])
def test_file_of_numpys_looks_like_a_stack(path, content, is_one):
    assert looks_like_stack(write(path, content)) == is_one


# Written


@given(arrays(st.sampled_from(["f4", "i8", "g"]), array_shapes(min_dims=3, max_dims=5)))
@settings(max_examples=30)
def test_what_is_written_is_what_numpy_writes(tmp_path_factory, values):
    path = tmp_path_factory.getbasetemp() / "as_numpy.npy"
    write_array(path, FeatureStack(values=values, name="a"), force=True)
    expected = io.BytesIO()
    np.save(expected, values)
    assert path.read_bytes() == expected.getvalue()


def test_large_array_may_be_replaced_by_itself(path, read_lazily):
    stack = read_lazily(saved(path, CUBE), feature_axis=0)
    write_array(path, stack, force=True)
    np.testing.assert_array_equal(np.load(path), np.moveaxis(CUBE, 0, -1))
