from __future__ import annotations

import os
import threading

import dask
import dask.array as da
import numpy as np
import pytest
from dask.distributed import Client, LocalCluster
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_ifealid.engines import blockwise
from napari_ifealid.engines.blockwise import BlockwiseEngine, block_chunks, computed, in_blocks
from napari_ifealid.metrics import spectral_angle_similarity
from napari_ifealid.stack import FeatureStack


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(blockwise, "_BLOCK_BYTES", 4000)


def stack_of(values: np.ndarray, chunks=(7, 5, 3), **arguments) -> FeatureStack:
    return FeatureStack(values=da.from_array(values, chunks=chunks), name="x", **arguments)


@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 30), st.integers(1, 20)),
    chunks=st.tuples(st.integers(1, 40), st.integers(1, 30), st.integers(1, 20)),
    dtype=st.sampled_from(["u1", "u2", "i2", "f4", "f8"]),
)
@settings(max_examples=25)
def test_map_is_that_of_the_definition_however_it_is_cut(shape, chunks, dtype):
    values = np.random.default_rng(1).integers(0, 100, shape).astype(dtype)
    values[0, 0] = 0
    stack = stack_of(values, chunks)
    reference = stack.vector((shape[0] - 1, shape[1] - 1))
    np.testing.assert_allclose(
        BlockwiseEngine(stack).similarity_map(reference),
        spectral_angle_similarity(values.astype(float), reference),
        atol=5e-5,
    )


def test_quantised_signed_values_are_restored():
    values = np.random.default_rng(1).integers(0, 256, (30, 20, 9), np.uint8)
    stack = stack_of(values, value_range=(-2.0, 1.0))
    reference = stack.vector((3, 4))
    np.testing.assert_allclose(
        BlockwiseEngine(stack).similarity_map(reference),
        spectral_angle_similarity(stack.real_values(values), reference),
        atol=5e-5,
    )


def test_nonfinite_pixels_are_nan():
    values = np.random.default_rng(1).random((20, 10, 6))
    values[13, 4, 2] = np.nan
    similarity = BlockwiseEngine(stack_of(values)).similarity_map(values[0, 0])
    assert np.argwhere(np.isnan(similarity)).tolist() == [[13, 4]]


def test_largest_similarity_to_several_references_is_given():
    values = np.random.default_rng(1).random((20, 10, 6))
    engine = BlockwiseEngine(stack_of(values))
    largest = np.empty((20, 10), np.float32)
    for block, part in engine.similarity_blocks([values[1, 2], values[13, 5]]):
        largest[block] = part
    each = [spectral_angle_similarity(values, values[at]) for at in ((1, 2), (13, 5))]
    np.testing.assert_allclose(largest, np.maximum(*each), atol=5e-5)


def test_blocks_hold_whole_pixels_and_cover_the_stack():
    stack = stack_of(np.ones((40, 30, 20)), (3, 30, 7))
    blocks = in_blocks(stack.values)
    assert blocks.chunks[-1] == (20,)
    assert max(np.prod(blocks.chunksize), 1) * 8 <= 4000
    assert block_chunks(stack.values)[-1] == (20,)
    covered = np.zeros((40, 30), int)
    for block in BlockwiseEngine(stack).blocks:
        covered[block] += 1
    assert (covered == 1).all()


def test_only_blocks_that_have_begun_are_read_after_closing():
    read: list[int] = []
    go_on = threading.Event()

    @dask.delayed
    def block(number: int) -> int:
        read.append(number)
        assert number == 0 or go_on.wait(60)
        return number

    results = computed(abs, [block(number) for number in range(50)])
    assert next(results) == (0, 0)
    results.close()
    go_on.set()
    assert len(read) < 50


def test_error_while_reading_is_raised():
    def broken(block: np.ndarray) -> np.ndarray:
        raise OSError("the disk is gone")

    values = da.ones((20, 10, 6), chunks=5).map_blocks(
        broken, dtype=float, meta=np.empty((0, 0, 0))
    )
    with pytest.raises(OSError, match="the disk is gone"):
        BlockwiseEngine(FeatureStack(values=values, name="x")).similarity_map(np.ones(6))


def test_preview_is_near_the_exact_map():
    rng = np.random.default_rng(1)
    values = np.maximum(rng.normal(size=(60, 50, 3)) @ rng.normal(size=(3, 30)), 0)
    values[0, 0] = 0
    values[1, 1, 1] = np.inf
    engine = BlockwiseEngine(stack_of(values, (30, 20, 10)))
    *steps, preview = engine.preview_steps(1 << 20)
    assert steps == [None] * len(steps)
    assert len(steps) > len(engine.blocks)
    near, exact = preview.similarity_map_of((7, 8)), engine.similarity_map(values[7, 8])
    assert np.nanpercentile(np.abs(near - exact), 95) < 0.03
    assert near[0, 0] == 0
    assert np.argwhere(np.isnan(near)).tolist() == [[1, 1]]


def test_preview_of_zeros_only_is_none():
    engine = BlockwiseEngine(stack_of(np.zeros((20, 10, 6))))
    assert set(engine.preview_steps(1 << 20)) == {None}


def test_budget_too_small_gives_no_preview():
    assert list(BlockwiseEngine(stack_of(np.ones((20, 10, 6)))).preview_steps(199)) == []


def test_active_cluster_does_the_work():
    values = np.random.default_rng(1).random((40, 30, 6))
    stack = stack_of(values, (20, 15, 6))
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        Client(cluster),
    ):
        ((_, process),) = computed(lambda _: os.getpid(), [dask.delayed(0)])
        engine = BlockwiseEngine(stack)
        similarity = engine.similarity_map(values[3, 4])
        *_, preview = engine.preview_steps(1 << 20)
    assert process != os.getpid()
    np.testing.assert_allclose(
        similarity, spectral_angle_similarity(values, values[3, 4]), atol=5e-5
    )
    np.testing.assert_allclose(preview.similarity_map_of((3, 4)), similarity, atol=0.08)
