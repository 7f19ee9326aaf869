from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from napari_ifealid.engines import pixel_vectors
from napari_ifealid.engines import unit_values as module
from napari_ifealid.engines import values as of_every_measure
from napari_ifealid.engines.compiled import compiled_products, ready_products
from napari_ifealid.engines.cpu import CpuEngine
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.engines.products import Products
from napari_ifealid.grid import whole_region
from napari_ifealid.measures import EUCLIDEAN, MEASURES, SPECTRAL_ANGLE, Background, UsedFeatures
from napari_ifealid.query import Query
from napari_ifealid.stack import FeatureStack


def pixels_of(values: np.ndarray, **arguments) -> PixelVectors:
    return PixelVectors.of(FeatureStack(values=values, name="x", **arguments))


def map_of(engine: CpuEngine, query: Query, region=None) -> np.ndarray:
    region = whole_region(engine._pixels.stack.spatial_shape) if region is None else region
    ((_, values),) = engine.parts(query, region)
    return values


def most_bytes_of_a_map(engine: CpuEngine, query: Query) -> int:
    """Return the most memory that a map takes on its way."""
    tracemalloc.start()
    map_of(engine, query)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_float32_stack_is_used_where_it_lies():
    values = np.random.default_rng(0).normal(size=(6, 7, 8)).astype(np.float32)
    engine = CpuEngine(pixels_of(values))
    values[2, 3] = -values[1, 1]
    values[4, 5] = values[1, 1]
    # the lengths are those of before, the directions are those of now
    similarity = map_of(engine, Query.to(values[1, 1]))
    assert similarity[2, 3] == 0
    assert similarity[4, 5] > 0.5


def test_product_that_uses_all_cores_by_itself_is_made_once(monkeypatch):
    rows = []

    def largest_products(stored, *_):
        def multiply(first: int, products: np.ndarray) -> None:
            rows.append((first, len(products)))
            products[:] = 0.5 / engine._pixels.inverse_lengths[first : first + len(products)]

        return Products(multiply, uses_all_cores=True)

    values = np.random.default_rng(0).random((300, 250, 128), np.float32)
    engine = CpuEngine(pixels_of(values))
    monkeypatch.setattr(module, "WORTH_A_THREAD", 1 << 20)
    monkeypatch.setattr(pixel_vectors, "largest_products", largest_products)
    np.testing.assert_allclose(map_of(engine, Query.to(values[0, 0])), 1 / 3, rtol=1e-6)
    assert rows == [(0, 75_000)]


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("order", ["features last", "features first"])
def test_map_of_a_large_stack_takes_little_memory(dtype, order, count):
    shape = (300, 250, 128) if order == "features last" else (128, 300, 250)
    values = np.random.default_rng(0).integers(0, 9, shape, np.uint8).astype(dtype)
    if order == "features first":
        values = np.moveaxis(values, 0, -1)
    engine = CpuEngine(pixels_of(values))
    query = Query.to(*np.random.default_rng(1).random((count, 128)))
    maps = 300 * 250 * 4
    assert most_bytes_of_a_map(engine, query) < 6 * maps + (4 << 20)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_memory_mapped_stack_works(tmp_path, dtype):
    values = np.random.default_rng(0).integers(0, 256, (6, 7, 8)).astype(dtype)
    np.save(tmp_path / "cube.npy", values)
    pixels = pixels_of(np.load(tmp_path / "cube.npy", mmap_mode="r"))
    similarity = map_of(CpuEngine(pixels), Query.to(values[1, 2]))
    expected = SPECTRAL_ANGLE.definition(values, values[1, 2])
    np.testing.assert_allclose(similarity, expected, atol=1e-6)


def test_memory_is_that_held_for_each_pixel():
    pixels = pixels_of(np.ones((6, 7, 8)))
    assert CpuEngine(pixels).memory == 6 * 7 * (4 + 1 + 1)


def test_memory_counts_the_vectors_of_the_region_asked_for_last():
    engine = CpuEngine(pixels_of(np.ones((6, 7, 8), np.float32)))
    alone = engine.memory
    map_of(engine, Query.to(np.ones(8)), (slice(1, 3), slice(2, 5)))
    assert engine.memory == alone + 2 * 3 * (8 * 4 + 4 + 1 + 1)


def test_vectors_of_a_region_are_gathered_once(monkeypatch):
    engine = CpuEngine(pixels_of(np.random.default_rng(0).random((6, 7, 8))))
    gathered = []
    taken = PixelVectors.taken
    monkeypatch.setattr(
        PixelVectors, "taken", lambda *arguments: gathered.append(1) or taken(*arguments)
    )
    one, other = (slice(1, 3), slice(2, 5)), (slice(0, 6), slice(2, 3))
    for region in (one, one, other):
        map_of(engine, Query.to(np.ones(8)), region)
    assert len(gathered) == 2


def test_consecutive_pixels_are_compared_where_they_lie(monkeypatch):
    engine = CpuEngine(pixels_of(np.random.default_rng(0).random((6, 7, 8))))
    monkeypatch.setattr(PixelVectors, "taken", None)
    assert map_of(engine, Query.to(np.ones(8)), (slice(2, 4), slice(0, 7))).shape == (2, 7)


def test_region_of_a_slice_computes_that_slice_only(monkeypatch):
    compared_rows = []

    def counted(pixels, query, rows):
        compared_rows.append(rows.stop - rows.start)
        return module.unit_values(pixels, query, rows)

    monkeypatch.setattr(of_every_measure, "unit_values", counted)
    engine = CpuEngine(pixels_of(np.ones((5, 6, 7, 8), np.uint8)))
    map_of(engine, Query.to(np.ones(8)), (slice(2, 3), slice(0, 6), slice(0, 7)))
    map_of(engine, Query.to(np.ones(8)), (slice(0, 5), slice(0, 6), slice(4, 5)))
    assert compared_rows == [6 * 7, 5 * 6]


@pytest.mark.parametrize("count", [1, 3])
def test_stacks_longer_than_a_block_are_compared_whole(count):
    values = np.random.default_rng(0).integers(1, 256, (300, 230, 16), np.uint8)
    vectors = [values[299, 229], values[0, 0], values[150, 3]][:count]
    values_of_map = map_of(CpuEngine(pixels_of(values)), Query.to(*vectors))
    expected = np.max([SPECTRAL_ANGLE.definition(values, one) for one in vectors], axis=0)
    np.testing.assert_allclose(values_of_map, expected, atol=5e-5)


def test_alike_pixels_are_measured_closely_though_bytes_are_rounded():
    # nearly all angles are too small for rounded weights, block after block
    rng = np.random.default_rng(0)
    values = rng.integers(118, 138, (300, 230, 24), np.uint8)
    vectors = [values[299, 229], values[0, 0]]
    values_of_map = map_of(CpuEngine(pixels_of(values)), Query.to(*vectors))
    expected = np.max([SPECTRAL_ANGLE.definition(values, one) for one in vectors], axis=0)
    assert expected.min() > 0.9
    np.testing.assert_allclose(values_of_map, expected, atol=5e-5)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
@pytest.mark.parametrize("others", [[], [np.zeros(6)]], ids=["directions only", "and zero"])
@pytest.mark.parametrize("error", [1e-6, 3e-5, 6e-5, 1.0])
def test_values_that_bytes_may_get_wrong_are_measured_again(monkeypatch, error, others, measure):
    class Wrong:
        """Products that are wrong by as much as they tell, in either direction."""

        def __init__(self, stored, vectors, offsets) -> None:
            self.error = error
            self._stored, self._vectors = stored.astype(np.float64), vectors
            self._offsets = offsets

        def __call__(self, first, products) -> None:
            rows = self._stored[first : first + len(products)]
            lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(self._vectors, axis=1).max()
            signs = np.resize([1, -1], len(rows))
            exact = (rows @ self._vectors.T + self._offsets).max(axis=1)
            products[:] = exact + signs * error * lengths

    monkeypatch.setattr("napari_ifealid.engines.products.byte_products", Wrong)
    rng = np.random.default_rng(0)
    values = rng.integers(0, 256, (40, 30, 6), np.uint8)
    opposite = -values[3, 4].astype(float)
    query = Query.to(opposite, np.array([1, -1, 2, -2, 3, -3]), *others, measure=measure)
    background = Background.of(values)
    expected = np.max([measure.values(values, one, background) for one in query.vectors], axis=0)
    np.testing.assert_allclose(map_of(CpuEngine(pixels_of(values)), query), expected, atol=5e-5)


def test_accelerate_begins_to_compile_for_the_stack(monkeypatch):
    monkeypatch.setattr("napari_ifealid.engines.compiled._kinds", {})
    pixels = pixels_of(np.ones((6, 7, 8), np.uint16))
    assert ready_products(pixels.stored) is None
    CpuEngine(pixels).accelerate()
    compiled = compiled_products(pixels.stored)
    assert compiled.result() is ready_products(pixels.stored)


def test_maps_before_and_after_the_acceleration_agree(monkeypatch):
    monkeypatch.setattr("napari_ifealid.engines.compiled._kinds", {})
    values = np.random.default_rng(0).normal(size=(20, 30, 9)).astype(np.float32)
    engine = CpuEngine(pixels_of(values))
    query = Query.to(values[3, 4], values[5, 6])
    before = map_of(engine, query)
    engine.accelerate()
    compiled_products(engine._pixels.stored).result()
    np.testing.assert_allclose(map_of(engine, query), before, atol=1e-5)


def test_what_is_known_of_some_features_is_kept_beside_that_of_all():
    values = np.random.default_rng(0).random((5, 6, 4), np.float32)
    engine = CpuEngine(pixels_of(values))
    used = UsedFeatures((True, False, True, True))
    other = UsedFeatures((True, True, True, False))
    over = EUCLIDEAN.over(used)
    for measure in (EUCLIDEAN, over):
        assert not engine.is_prepared(measure)
        map_of(engine, Query.to(values[0, 0], measure=measure))
    some = engine.spread
    map_of(engine, Query.to(values[0, 0], measure=EUCLIDEAN))
    assert engine.spread > some
    assert engine.is_prepared(over)
    map_of(engine, Query.to(values[0, 0], measure=EUCLIDEAN.over(other)))
    assert not engine.is_prepared(over)
    assert engine.is_prepared(EUCLIDEAN)
