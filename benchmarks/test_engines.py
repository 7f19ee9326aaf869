"""One map on each engine, beside NumPy in float32 and beside reading the stack once."""

from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from time import perf_counter
from unittest.mock import patch

import numpy as np
import pytest

from maps import map_of, wait_until_compiled
from napari_ifealid.engines import (
    CpuEngine,
    EngineChoice,
    classes_of,
    find_renderer,
    plan_engine,
    prepare_stack,
    start_engine,
    whole_map,
)
from napari_ifealid.engines.compiled import compiled_products
from napari_ifealid.engines.cores import core_count
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.grid import whole_region
from napari_ifealid.measures import MEASURES, PEARSON, SPECTRAL_ANGLE
from napari_ifealid.query import Query

SHAPES = [(160, 106, 256), (40, 26, 1024), (256, 512, 64), (256, 512, 256), (512, 512, 512)]
LARGE = (256, 512, 256)
PIXEL = 7, 5
COLUMNS = 64  # divides the number of values of each stack
EIGHT = [(7, 5), (0, 1), (30, 20), (21, 3), (9, 25), (39, 0), (15, 15), (2, 18)]


def run_map(benchmark, stack, engine, pixels=(PIXEL,)) -> None:
    plan = plan_engine(engine, stack, find_renderer())
    tracemalloc.start()
    running = start_engine(prepare_stack(stack, plan))
    map_of(running.engine, stack, *pixels)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert running.engine.name == engine.value
    wait_until_compiled(stack.values.reshape(-1, stack.feature_count))
    map_of(running.engine, stack, *pixels)
    similarity = benchmark(map_of, running.engine, stack, *pixels)
    assert all(similarity[pixel] == 1.0 for pixel in pixels)
    size = stack.values.nbytes
    benchmark.extra_info |= {
        "stack, MB": size / 1e6,
        "held beside the stack, MB": running.engine.memory / 1e6,
        "at the peak, with the stack, stacks": (size + peak) / size,
    }
    running.engine.close()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("engine", [EngineChoice.CPU, EngineChoice.GPU], ids=lambda e: e.value)
def test_map(benchmark, qapp, make_stack, engine, shape, dtype):
    benchmark.group = f"map {shape}"
    run_map(benchmark, make_stack(shape, dtype), engine)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_map_without_numba(benchmark, make_stack, dtype):
    benchmark.group = f"map {LARGE}"
    with patch("napari_ifealid.engines.compiled.has_numba", return_value=False):
        run_map(benchmark, make_stack(LARGE, dtype), EngineChoice.CPU)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("engine", [EngineChoice.CPU, EngineChoice.GPU], ids=lambda e: e.value)
def test_best_of_eight_references(benchmark, qapp, make_stack, engine, dtype):
    benchmark.group = f"map {LARGE}"
    run_map(benchmark, make_stack(LARGE, dtype), engine, EIGHT)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("measure", MEASURES[2:], ids=lambda measure: measure.name)
def test_map_by_each_measure(benchmark, make_stack, measure, dtype):
    benchmark.group = f"map {LARGE}"
    stack = make_stack(LARGE, dtype)
    engine = CpuEngine(PixelVectors.of(stack))
    wait_until_compiled(stack.values.reshape(-1, stack.feature_count))
    query, region = Query.to(stack.vector(PIXEL), measure=measure), whole_region(LARGE[:2])
    whole_map(engine.parts(query, region), region)  # measures the stack
    similarity = benchmark(lambda: whole_map(engine.parts(query, region), region))
    assert similarity[PIXEL] == 1.0


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("measure", [SPECTRAL_ANGLE, PEARSON], ids=lambda measure: measure.name)
def test_classes_of_eight_references(benchmark, make_stack, measure, dtype):
    benchmark.group = f"classes {LARGE}"
    stack = make_stack(LARGE, dtype)
    pixels = PixelVectors.of(stack)
    compiled_products(pixels.stored).result()
    engine, region = CpuEngine(pixels), whole_region(LARGE[:2])
    query = Query.to(*map(stack.vector, EIGHT), measure=measure)
    classes = benchmark(classes_of, engine, query, region)
    assert [classes.numbers[pixel] for pixel in EIGHT] == list(range(8))


def run_in_turn(benchmark, measured, reference, than: str) -> None:
    """Measure a function in turn with another one, and keep the ratio of their medians.

    Where an array lies in memory, and what else the machine does, changes both alike.
    """
    seconds: list[float] = []

    def run_reference() -> None:
        start = perf_counter()
        reference()
        seconds.append(perf_counter() - start)

    benchmark.pedantic(measured, setup=run_reference, rounds=200, warmup_rounds=20)
    benchmark.extra_info[f"times {than}"] = benchmark.stats["median"] / median(seconds[20:])


def test_map_in_turn_with_numpy(benchmark, make_stack):
    """The product and the arc cosine of the same array, as if its vectors were of unit length."""
    benchmark.group = f"map {LARGE}"
    stack = make_stack(LARGE, np.float32)
    vectors = stack.values.reshape(-1, LARGE[-1])
    running = start_engine(prepare_stack(stack, plan_engine(EngineChoice.CPU, stack, None)))
    wait_until_compiled(vectors)
    run_in_turn(
        benchmark,
        lambda: map_of(running.engine, stack, PIXEL),
        lambda: angles(np.dot(vectors, vectors[7])),
        "NumPy's product and arc cosine",
    )


def test_eight_references_in_turn_with_one(benchmark, make_stack):
    benchmark.group = f"map {LARGE}"
    stack = make_stack(LARGE)
    running = start_engine(prepare_stack(stack, plan_engine(EngineChoice.CPU, stack, None)))
    wait_until_compiled(stack.values.reshape(-1, LARGE[-1]))
    run_in_turn(
        benchmark,
        lambda: map_of(running.engine, stack, *EIGHT),
        lambda: map_of(running.engine, stack, PIXEL),
        "one reference",
    )


@pytest.fixture
def units(make_stack, request) -> np.ndarray:
    """Unit vectors in float32, shape (P, C)."""
    shape = request.param
    values = make_stack(shape, np.float32).values.reshape(-1, shape[-1])
    return values / np.linalg.norm(values, axis=1, keepdims=True)


@pytest.mark.parametrize("units", SHAPES, ids=str, indirect=True)
def test_product_by_numpy(benchmark, request, units):
    benchmark.group = f"map {request.node.callspec.params['units']}"
    benchmark(np.dot, units, units[7])


@pytest.mark.parametrize("units", SHAPES, ids=str, indirect=True)
def test_map_by_numpy(benchmark, request, units):
    """The product and the arc cosine: the spectral angle of unit vectors, but for small angles."""
    benchmark.group = f"map {request.node.callspec.params['units']}"
    assert benchmark(lambda: angles(np.dot(units, units[7])))[7] > 0.99


def angles(cosines: np.ndarray) -> np.ndarray:
    """Turn cosines into similarities by the spectral angle, where they lie."""
    np.minimum(cosines, 1.0, out=cosines)
    np.arccos(cosines, out=cosines)
    cosines *= np.float32(-2.0 / np.pi)
    cosines += np.float32(1.0)
    return cosines


def in_threads(read):
    """Return a function that reads a part of an array on each core."""

    def read_all(values: np.ndarray) -> None:
        with ThreadPoolExecutor(core_count()) as pool:
            list(pool.map(read, np.array_split(values, core_count())))

    return read_all


WAYS = {
    "sum": in_threads(np.sum),
    "largest": in_threads(np.max),
    "product": lambda values: np.dot(values.reshape(-1, COLUMNS), np.ones(COLUMNS, np.float32)),
}
"""To read an array of float32: BLAS uses all cores by itself."""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_reading_once(benchmark, make_stack, shape, dtype, way):
    """The limit is the fastest of several ways to read as many bytes as the stack has."""
    benchmark.group = f"map {shape}"
    values = np.ones_like(make_stack(shape, dtype).values.view(np.float32).ravel())
    benchmark(WAYS[way], values)
