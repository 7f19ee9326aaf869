"""One map on each engine, beside plain NumPy and beside reading the stack once from memory."""

from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import numpy as np
import pytest

from napari_ifealid.engines import (
    EngineChoice,
    find_renderer,
    plan_engine,
    prepare_stack,
    start_engine,
)
from napari_ifealid.engines.compiled import compiled_dot_products
from napari_ifealid.engines.cores import core_count

SHAPES = [(160, 106, 256), (40, 26, 1024), (256, 512, 64), (256, 512, 256), (512, 512, 512)]
LARGE = (256, 512, 256)
PIXEL = 7, 5


def run_map(benchmark, stack, engine) -> None:
    plan = plan_engine(engine, stack, find_renderer())
    tracemalloc.start()
    running = start_engine(prepare_stack(stack, plan))
    running.engine.similarity_map(stack.vector(PIXEL))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert running.engine.name == engine.value
    compiled_dot_products(running.pixels.stored).result()
    similarity = benchmark(running.engine.similarity_map, stack.vector(PIXEL))
    assert similarity[PIXEL] == 1.0
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


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_plain_numpy(benchmark, make_stack, shape):
    benchmark.group = f"map {shape}"
    values = make_stack(shape, np.float32).values.reshape(-1, shape[-1])
    units = values / np.linalg.norm(values, axis=1, keepdims=True)
    benchmark(np.dot, units, units[PIXEL[0] * shape[1] + PIXEL[1]])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_reading_once(benchmark, make_stack, shape, dtype):
    """The streaming limit: as many bytes as the stack has are summed on all cores."""
    benchmark.group = f"map {shape}"
    values = make_stack(shape, dtype).values.view(np.float32).ravel()
    parts = np.array_split(np.ones_like(values), core_count())
    with ThreadPoolExecutor(core_count()) as pool:
        benchmark(lambda: sum(pool.map(np.sum, parts)))
