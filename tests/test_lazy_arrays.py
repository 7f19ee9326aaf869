from __future__ import annotations

import tracemalloc
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, basic_indices

from napari_ifealid import lazy_arrays
from napari_ifealid.lazy_arrays import Uncopied, block_chunks, in_blocks, lazy

CUBE = np.arange(60, dtype=np.float32).reshape(3, 4, 5)


@given(array_shapes(min_dims=1, max_dims=4), st.data())
def test_any_part_of_a_lazy_array_is_what_numpy_gives(shape, data):
    values = np.random.default_rng(0).random(shape)
    chunks = tuple(data.draw(st.integers(1, length)) for length in shape)
    index = data.draw(basic_indices(shape))
    array = lazy(Uncopied(values), chunks)
    assert isinstance(array, da.Array)
    np.testing.assert_array_equal(array[index], values[index])


def test_two_lazy_arrays_have_two_names():
    # dask's caches go by the name
    assert lazy(CUBE, -1).name != lazy(CUBE, -1).name


@pytest.fixture
def mapped(tmp_path) -> np.memmap:
    """Part of an array of 64 MB in a file."""
    path: Path = tmp_path / "large.npy"
    np.lib.format.open_memmap(path, "w+", np.uint8, (1001, 1000, 64))
    return np.load(path, mmap_mode="r")[1:]


def test_only_the_blocks_asked_for_of_a_memory_mapped_array_are_copied(mapped):
    tracemalloc.start()
    try:
        array = lazy(Uncopied(mapped), (100, 100, 64))
        assert (array[:50, :50].compute() == 0).all()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < mapped.nbytes / 10


def test_uncopied_array_is_described_as_it_is(mapped):
    array = Uncopied(mapped)
    assert (array.shape, array.ndim, array.dtype) == ((1000, 1000, 64), 3, np.uint8)
    assert type(array[0]) is np.ndarray
    assert not np.shares_memory(array[0], mapped)


@given(
    array_shapes(min_dims=3, max_dims=4, max_side=20),
    st.sampled_from(["u1", "f4", "f8"]),
    st.integers(1, 20),
)
def test_blocks_have_all_features_and_no_more_bytes_than_allowed(shape, dtype, count):
    in_one_piece = da.zeros(shape, dtype=dtype, chunks=shape)
    most = max(shape[-1] * in_one_piece.itemsize, in_one_piece.nbytes // count)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lazy_arrays, "BLOCK_BYTES", most)
        in_chunks = da.zeros(shape, dtype=dtype, chunks=block_chunks(shape, in_one_piece.dtype))
        cut = in_blocks(in_one_piece)
    for blocks, allowed in ((in_chunks, most), (cut, 2 * most)):
        assert blocks.shape == shape
        assert blocks.chunks[-1] == shape[-1:]
        assert np.prod(blocks.chunksize) * blocks.itemsize <= allowed


def test_chunks_that_are_larger_than_a_block_are_not_cut_into_parts_that_each_read_the_whole():
    chunks = (300, 300, 250)  # as tiles of a GeoTIFF are
    values = da.zeros((1000, 1000, 250), dtype=np.uint8, chunks=chunks)
    assert in_blocks(values).chunks == values.chunks


@given(array_shapes(min_dims=3, max_dims=5, max_side=9), st.booleans(), st.integers(1, 500))
def test_blocks_of_an_array_in_one_piece_lie_together_in_memory(shape, is_fortran, most):
    """But for the features: each block is as many runs as it has features at most."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lazy_arrays, "BLOCK_BYTES", most)
        chunks = block_chunks(shape, np.dtype("u1"), is_fortran=is_fortran)
    lengths = [lengths[0] for lengths in chunks[:-1]]
    in_memory = list(zip(lengths, shape[:-1], strict=True))[:: -1 if is_fortran else 1]
    cut = [axis for axis, (length, whole) in enumerate(in_memory) if length < whole]
    slower = in_memory[: max(cut, default=0)]
    assert all(length == 1 for length, _ in slower)


def test_array_in_small_chunks_is_cut_into_large_blocks():
    values = da.zeros((1000, 1000, 64), dtype=np.uint8, chunks=(10, 1000, 8))
    blocks = in_blocks(values)
    assert blocks.chunks[-1] == (64,)
    assert blocks.npartitions <= 4
