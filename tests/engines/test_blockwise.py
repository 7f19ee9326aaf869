from __future__ import annotations

import os
import threading

import dask
import dask.array as da
import numpy as np
import pytest
from dask.distributed import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_ifealid.engines import whole_map
from napari_ifealid.engines.blockwise import BlockwiseEngine, computed
from napari_ifealid.grid import Region, region_shape, whole_region
from napari_ifealid.measures import ACE, COSINE, EUCLIDEAN, MEASURES, SPECTRAL_ANGLE, Background
from napari_ifealid.query import Query, Rule
from napari_ifealid.stack import FeatureStack


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr("napari_ifealid.lazy_arrays.BLOCK_BYTES", 4000)


def stack_of(values: np.ndarray, chunks=(7, 5, 3), **arguments) -> FeatureStack:
    return FeatureStack(values=da.from_array(values, chunks=chunks), name="x", **arguments)


def map_of(engine: BlockwiseEngine, query: Query, region: Region) -> np.ndarray:
    return whole_map(engine.parts(query, region), region)


class Counted:
    """Values whose blocks count how often they are read."""

    def __init__(self, shape: tuple[int, ...], chunks: tuple[int, ...]) -> None:
        self.read: list[tuple[int, ...]] = []
        self._lock = threading.Lock()
        self.values = np.random.default_rng(1).random(shape)
        lazy = da.from_array(self.values, chunks=chunks)
        self.stack = FeatureStack(
            values=lazy.map_blocks(self._reading, dtype=float, meta=np.empty((0,) * len(shape))),
            name="x",
        )

    def _reading(self, block: np.ndarray, block_info=None) -> np.ndarray:
        with self._lock:
            self.read.append(tuple(block_info[0]["chunk-location"]))
        return block


@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 30), st.integers(1, 20)),
    chunks=st.tuples(st.integers(1, 40), st.integers(1, 30), st.integers(1, 20)),
    dtype=st.sampled_from(["u1", "u2", "i2", "f4", "f8"]),
    measure=st.sampled_from(MEASURES),
)
@settings(max_examples=25)
def test_map_is_that_of_the_definition_however_it_is_cut(shape, chunks, dtype, measure):
    values = np.random.default_rng(1).integers(0, 100, shape).astype(dtype)
    values[0, 0] = 0
    stack = stack_of(values, chunks)
    query = Query.to(stack.vector((shape[0] - 1, shape[1] - 1)), measure=measure)
    np.testing.assert_allclose(
        map_of(BlockwiseEngine(stack), query, whole_region(shape[:2])),
        measure.values(values, query.vectors[0], Background.of(values)),
        atol=5e-5,
    )


def test_quantised_signed_values_are_restored():
    values = np.random.default_rng(1).integers(0, 256, (30, 20, 9), np.uint8)
    stack = stack_of(values, value_range=(-2.0, 1.0))
    reference = stack.vector((3, 4))
    engine, region = BlockwiseEngine(stack), whole_region((30, 20))
    np.testing.assert_allclose(
        map_of(engine, Query.to(reference), region),
        SPECTRAL_ANGLE.definition(stack.real_values(values), reference),
        atol=5e-5,
    )
    feature = whole_map(engine.feature_parts(range(4, 5), region), region)
    np.testing.assert_allclose(feature, stack.real_values(values)[..., 4], rtol=1e-6)


def test_nonfinite_pixels_are_nan():
    values = np.random.default_rng(1).random((20, 10, 6))
    values[13, 4, 2] = np.nan
    engine = BlockwiseEngine(stack_of(values))
    similarity = map_of(engine, Query.to(values[0, 0]), whole_region((20, 10)))
    assert np.argwhere(np.isnan(similarity)).tolist() == [[13, 4]]


def test_blocks_hold_whole_pixels_are_small_and_cover_the_stack():
    engine = BlockwiseEngine(stack_of(np.ones((40, 30, 20)), (3, 30, 7)))
    whole = whole_region((40, 30))
    covered = np.zeros((40, 30), int)
    for place, values in engine.parts(Query.to(np.ones(20)), whole):
        assert 8 * 20 * values.size <= 4000
        covered[place] += 1
    assert (covered == 1).all()
    assert engine.part_count(whole) > 10


@pytest.mark.parametrize("count", [1, 2, 11])
@pytest.mark.parametrize("rule", [Rule.MEAN, Rule.BEST])
def test_each_block_is_read_once_however_many_references_there_are(count, rule):
    counted = Counted((20, 10, 6), (4, 5, 6))
    query = Query.to(*counted.values[:count, 0], rule=rule)
    engine, whole = BlockwiseEngine(counted.stack), whole_region((20, 10))
    counted.read.clear()
    values = map_of(engine, query, whole)
    assert len(counted.read) == len(set(counted.read)) == 5 * 2
    expected = np.max(
        [SPECTRAL_ANGLE.definition(counted.values, one) for one in query.vectors], axis=0
    )
    np.testing.assert_allclose(values, expected, atol=5e-5)


def test_each_block_is_read_once_for_what_is_looked_for_and_what_is_not():
    counted = Counted((20, 10, 6), (4, 5, 6))
    query = Query.to(counted.values[0, 0], unlike=[counted.values[9, 9]])
    engine, whole = BlockwiseEngine(counted.stack), whole_region((20, 10))
    counted.read.clear()
    values = map_of(engine, query, whole)
    assert len(counted.read) == 5 * 2
    like, unlike = (
        SPECTRAL_ANGLE.definition(counted.values, counted.values[at]) for at in ((0, 0), (9, 9))
    )
    np.testing.assert_allclose(values, (1.0 + like - unlike) / 2.0, atol=3e-4)


def test_only_blocks_that_have_pixels_of_a_region_are_read(monkeypatch):
    monkeypatch.setattr("napari_ifealid.lazy_arrays.BLOCK_BYTES", 4 * 5 * 6 * 8)
    counted = Counted((20, 10, 6), (4, 5, 6))
    engine = BlockwiseEngine(counted.stack)
    region = (slice(5, 9), slice(1, 4))
    counted.read.clear()
    values = map_of(engine, Query.to(counted.values[5, 2]), region)
    assert sorted(counted.read) == [(1, 0, 0), (2, 0, 0)]
    assert engine.part_count(region) == 2
    expected = SPECTRAL_ANGLE.definition(counted.values[region], counted.values[5, 2])
    np.testing.assert_allclose(values, expected, atol=5e-5)


def test_no_block_is_read_before_a_map_is_asked_for():
    counted = Counted((20, 10, 6), (4, 5, 6))
    counted.read.clear()
    engine = BlockwiseEngine(counted.stack)
    engine.parts(Query.to(np.ones(6)), whole_region((20, 10)))
    assert engine.part_count(whole_region((20, 10))) > 1
    assert counted.read == []


def test_first_part_comes_before_the_last_block_is_read(monkeypatch):
    monkeypatch.setattr("napari_ifealid.lazy_arrays.BLOCK_BYTES", 10 * 10 * 6 * 8)
    go_on = threading.Event()

    def slow(block: np.ndarray, block_info=None) -> np.ndarray:
        assert block_info[0]["chunk-location"] == (0, 0, 0) or go_on.wait(60)
        return block

    values = da.ones((20, 10, 6), chunks=(10, 10, 6)).map_blocks(
        slow, dtype=float, meta=np.empty((0, 0, 0))
    )
    engine = BlockwiseEngine(FeatureStack(values=values, name="x"))
    parts = engine.parts(Query.to(np.ones(6)), whole_region((20, 10)))
    place, _ = next(parts)
    go_on.set()
    assert place[0] == slice(0, 10)
    assert [place[0] for place, _ in parts] == [slice(10, 20)]


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


def test_further_arguments_go_with_their_blocks():
    blocks = [dask.delayed(number) for number in (1, 2, 3)]
    results = computed(lambda block, *others: (block, *others), blocks, "abc", [7, 8, 9])
    assert sorted(results) == [(0, (1, "a", 7)), (1, (2, "b", 8)), (2, (3, "c", 9))]


def test_error_while_reading_is_raised():
    def broken(block: np.ndarray) -> np.ndarray:
        raise OSError("the disk is gone")

    values = da.ones((20, 10, 6), chunks=5).map_blocks(
        broken, dtype=float, meta=np.empty((0, 0, 0))
    )
    engine = BlockwiseEngine(FeatureStack(values=values, name="x"))
    with pytest.raises(OSError, match="the disk is gone"):
        map_of(engine, Query.to(np.ones(6)), whole_region((20, 10)))


def test_statistics_are_measured_once_and_block_by_block():
    counted = Counted((20, 10, 6), (4, 5, 6))
    engine = BlockwiseEngine(counted.stack)
    assert engine.is_prepared(SPECTRAL_ANGLE)
    assert not engine.is_prepared(EUCLIDEAN)
    steps = list(engine.preparation_steps(ACE))
    assert len(steps) == engine.preparation_step_count(ACE)
    assert len(set(counted.read)) == len(counted.read) == 10
    assert engine.is_prepared(ACE)
    assert engine.is_prepared(EUCLIDEAN)  # the covariance tells the spread as well
    assert list(engine.preparation_steps(EUCLIDEAN)) == []
    assert engine.memory == 6 * 6 * 8


def test_spread_alone_is_not_the_covariance():
    engine = BlockwiseEngine(Counted((20, 10, 6), (4, 5, 6)).stack)
    list(engine.preparation_steps(EUCLIDEAN))
    assert engine.is_prepared(EUCLIDEAN)
    assert not engine.is_prepared(ACE)
    assert engine.memory == 0


def test_nothing_is_held_beside_the_stack():
    engine = BlockwiseEngine(stack_of(np.ones((20, 10, 6))))
    map_of(engine, Query.to(np.ones(6)), whole_region((20, 10)))
    assert engine.memory == 0


@pytest.mark.parametrize("measure", [SPECTRAL_ANGLE, COSINE], ids=lambda measure: measure.name)
def test_preview_is_near_the_exact_map(measure):
    rng = np.random.default_rng(1)
    values = np.maximum(rng.normal(size=(60, 50, 3)) @ rng.normal(size=(3, 30)), 0)
    values[0, 0] = 0
    values[1, 1, 1] = np.inf
    engine, whole = BlockwiseEngine(stack_of(values, (30, 20, 10))), whole_region((60, 50))
    *steps, preview = engine.preview_steps(1 << 20)
    assert steps == [None] * len(steps)
    assert len(steps) + 1 == engine.preview_step_count > engine.part_count(whole)
    query = Query.to(values[7, 8], values[40, 30], measure=measure)
    near, exact = preview.map_of(query, whole), map_of(engine, query, whole)
    assert preview.error_of(measure) < 0.03
    assert np.nanpercentile(np.abs(near - exact), 90) <= preview.error_of(measure)
    assert near[0, 0] == 0
    assert np.argwhere(np.isnan(near)).tolist() == [[1, 1]]


def test_preview_of_blocks_is_that_of_the_stack_in_one_piece(monkeypatch):
    # axes are found up to their sign: compare what they give
    values = np.maximum(np.random.default_rng(1).normal(size=(30, 20, 12)), 0)
    query, whole = Query.to(values[3, 4], measure=COSINE), whole_region((30, 20))
    *_, cut = BlockwiseEngine(stack_of(values)).preview_steps(1 << 20)
    monkeypatch.setattr("napari_ifealid.lazy_arrays.BLOCK_BYTES", 1 << 20)
    *_, in_one = BlockwiseEngine(stack_of(values)).preview_steps(1 << 20)
    np.testing.assert_allclose(cut.map_of(query, whole), in_one.map_of(query, whole), atol=0.01)


def test_cluster_that_is_active_does_the_work(cluster: Client):
    values = np.random.default_rng(1).random((40, 30, 6))
    engine, whole = BlockwiseEngine(stack_of(values, (20, 15, 6))), whole_region((40, 30))
    query = Query.to(values[3, 4], values[30, 20])
    with cluster.as_current():
        ((_, process),) = computed(lambda _: os.getpid(), [dask.delayed(0)])
        values_of_map = map_of(engine, query, whole)
        *_, preview = engine.preview_steps(1 << 20)
    assert process != os.getpid()
    expected = np.max([SPECTRAL_ANGLE.definition(values, one) for one in query.vectors], axis=0)
    np.testing.assert_allclose(values_of_map, expected, atol=5e-5)
    np.testing.assert_allclose(preview.map_of(query, whole), expected, atol=0.08)


def test_without_an_active_client_threads_do_the_work(cluster: Client):
    ((_, process),) = computed(lambda _: os.getpid(), [dask.delayed(0)])
    assert process == os.getpid()


def test_cluster_drops_what_was_not_begun_when_closed(cluster: Client):
    engine = BlockwiseEngine(stack_of(np.ones((40, 30, 6)), (20, 15, 6)))
    whole = whole_region((40, 30))
    with cluster.as_current():
        parts = engine.parts(Query.to(np.ones(6)), whole)
        place, values = next(parts)
        parts.close()
        assert not [key for key, one in cluster.futures.items() if one.status == "pending"]
    assert values.shape == region_shape(place)
