"""One map on each engine, beside plain NumPy: float32 unit vectors times one vector."""

from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.engines import (
    EngineChoice,
    find_renderer,
    plan_engine,
    prepare_stack,
    start_engine,
)

SHAPES = [(160, 106, 256), (40, 26, 1024), (256, 512, 256)]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("engine", [EngineChoice.CPU, EngineChoice.GPU], ids=lambda e: e.value)
def test_map(benchmark, qapp, make_stack, engine, shape, dtype):
    benchmark.group = f"map {shape}"
    stack = make_stack(shape, dtype)
    plan = plan_engine(engine, stack, find_renderer())
    running = start_engine(prepare_stack(stack, plan))
    assert running.engine.name == engine.value
    similarity = benchmark(running.engine.similarity_map, stack.vector((7, 5)))
    assert similarity[7, 5] == 1.0
    running.engine.close()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_plain_numpy(benchmark, make_stack, shape):
    benchmark.group = f"map {shape}"
    values = make_stack(shape, np.float32).values.reshape(-1, shape[-1])
    units = values / np.linalg.norm(values, axis=1, keepdims=True)
    benchmark(np.dot, units, units[7 * shape[1] + 5])
