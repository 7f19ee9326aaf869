"""A sharp map on the GPU in turn with that on the CPU."""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from time import perf_counter, sleep

import numpy as np
import pytest

from napari_ifealid.engines import find_renderer
from napari_ifealid.engines.compiler import has_numba
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.grid import whole_region
from napari_ifealid.query import Query
from napari_ifealid.sharpening import (
    SharpEngine,
    SharpGpuEngine,
    SharpPixels,
    weight_steps,
)
from napari_ifealid.sharpening.compiled_sums import COMPILED_SUMS
from napari_ifealid.sharpness import Sharpness

IMAGE = 427, 640
SHAPES = [(26, 40, 1024), (106, 160, 256)]
PIXEL = 200, 300


@pytest.fixture
def engines(request, make_stack, qapp):
    """The CPU's engine, the GPU's and the up-sampled vectors of a stack of a shape."""
    image = np.random.default_rng(0).integers(0, 255, (*IMAGE, 3), np.uint8)
    stack = replace(make_stack(request.param), overlay=image)
    pixels = PixelVectors.of(stack)
    *_, weights = weight_steps(pixels, Sharpness())
    sharp = SharpPixels(stack, weights)
    cpu = SharpEngine(sharp, pixels)
    gpu = SharpGpuEngine(cpu, find_renderer().max_texture_side)
    list(gpu.upload())
    while has_numba() and COMPILED_SUMS.ready is None:
        sleep(0.1)
    yield cpu, gpu, sharp
    gpu.close()


@pytest.mark.parametrize("engines", SHAPES, indirect=True, ids=str)
@pytest.mark.parametrize("references", [1, 8])
def test_sharp_map_on_the_gpu_in_turn_with_the_cpu(benchmark, engines, references):
    benchmark.group = f"sharp map {IMAGE}, {references} references"
    cpu, gpu, sharp = engines
    pixels = [(PIXEL[0], PIXEL[1] + 20 * number) for number in range(references)]
    query = Query.to(*map(sharp.vector, pixels))
    region = whole_region(IMAGE)
    seconds: list[float] = []

    def on_the_cpu() -> None:
        start = perf_counter()
        cpu.values(query, region)
        seconds.append(perf_counter() - start)

    def on_the_gpu() -> np.ndarray:
        return gpu.values(query, region)

    on_the_gpu()  # measures the lengths of up-sampled vectors, and compiles the shader
    benchmark.pedantic(on_the_gpu, setup=on_the_cpu, rounds=60, warmup_rounds=5)
    assert on_the_gpu()[PIXEL] == 1.0
    benchmark.extra_info["times the CPU"] = benchmark.stats["median"] / median(seconds[5:])
