from __future__ import annotations

from math import prod

import dask.array as da
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.formats.blocks import (
    block_lengths,
    blocks,
    blocks_near_in_memory,
    whole_chunks,
)

shapes = st.lists(st.integers(1, 9), min_size=1, max_size=4)


@given(shapes, st.integers(1, 100), st.randoms())
def test_blocks_hold_each_value_once_and_no_more_than_allowed(shape, most, random):
    axes = random.sample(range(len(shape)), len(shape))
    times = np.zeros(shape, int)
    for block in blocks(shape, block_lengths(shape, axes, most)):
        times[block] += 1
        assert times[block].size <= most
    assert (times == 1).all()


@given(shapes, st.integers(1, 100))
def test_blocks_cut_along_the_first_axes_follow_on_each_other_in_memory(shape, most):
    values = np.arange(prod(shape)).reshape(shape)
    cut = blocks(shape, block_lengths(shape, range(len(shape)), most))
    in_order = np.concatenate([values[block].ravel() for block in cut])
    np.testing.assert_array_equal(in_order, values.ravel())


def test_axis_whose_values_lie_furthest_apart_is_cut():
    values = np.broadcast_to(np.uint8(0), (2, 3, 4))
    in_files = np.lib.stride_tricks.as_strided(values, (2048, 1024, 8), (8, 2**14, 1))
    assert [block[1] for block in blocks_near_in_memory(in_files)] == [
        slice(start, start + 64) for start in range(0, 1024, 64)
    ]


@given(shapes, st.data(), st.integers(0, 200))
def test_blocks_of_whole_chunks_hold_the_values_wanted_and_cut_no_chunk(shape, data, least):
    chunks = [data.draw(st.integers(1, length + 3)) for length in shape]
    lengths = whole_chunks(shape, chunks, least)
    assert prod(lengths) >= min(least, prod(shape))
    for length, chunk, whole in zip(lengths, chunks, shape, strict=True):
        assert length == whole or length % chunk == 0


def test_blocks_of_a_dask_array_are_whole_chunks_with_all_features():
    values = da.zeros((3000, 2000, 128), np.uint8, chunks=(64, 64, 16))
    first = blocks_near_in_memory(values)[0]
    assert first == (slice(0, 64), slice(0, 1024), slice(0, 128))
