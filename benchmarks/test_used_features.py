"""A map of some features in turn with that of all of them."""

from __future__ import annotations

from statistics import median
from time import perf_counter

import numpy as np
import pytest

from maps import map_of, wait_until_compiled
from napari_ifealid.engines import CpuEngine, Engine, find_renderer, whole_map
from napari_ifealid.engines.gpu import GpuEngine
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.grid import whole_region
from napari_ifealid.measures import SPECTRAL_ANGLE, UsedFeatures
from napari_ifealid.query import Query
from napari_ifealid.stack import FeatureStack

SHAPE = (256, 512, 224)
PIXEL = 7, 5
LEFT_OUT = range(100, 120)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_map_without_some_features_in_turn_with_all(benchmark, make_stack, dtype):
    benchmark.group = f"map {SHAPE}, 20 features left out"
    stack = make_stack(SHAPE, dtype)
    # an engine each: one forgets the lengths over some features when it is asked for all of them
    whole, some = (CpuEngine(PixelVectors.of(stack)) for _ in range(2))
    wait_until_compiled(stack.values.reshape(-1, SHAPE[-1]))
    in_turn(benchmark, stack, whole, some)


def test_map_on_the_gpu_without_some_features_in_turn_with_all(benchmark, make_stack, qapp):
    benchmark.group = f"map {SHAPE}, 20 features left out"
    stack = make_stack(SHAPE, np.uint8)
    pixels, side = PixelVectors.of(stack), find_renderer().max_texture_side
    whole, some = (GpuEngine(pixels, side) for _ in range(2))
    for engine in (whole, some):
        list(engine.upload())
    in_turn(benchmark, stack, whole, some)
    for engine in (whole, some):
        engine.close()


def in_turn(benchmark, stack: FeatureStack, whole: Engine, some: Engine) -> None:
    """Measure maps of some features in turn with maps of all, and keep the ratio of the medians."""
    used = UsedFeatures(tuple(number not in LEFT_OUT for number in range(SHAPE[-1])))
    query = Query.to(stack.vector(PIXEL), measure=SPECTRAL_ANGLE.over(used))
    region = whole_region(stack.spatial_shape)
    seconds: list[float] = []

    def of_all() -> None:
        start = perf_counter()
        map_of(whole, stack, PIXEL)
        seconds.append(perf_counter() - start)

    def of_some() -> np.ndarray:
        return whole_map(some.parts(query, region), region)

    of_some()  # measures the lengths of vectors of these features
    benchmark.pedantic(of_some, setup=of_all, rounds=100, warmup_rounds=10)
    assert of_some()[PIXEL] == 1.0
    benchmark.extra_info["times all features"] = benchmark.stats["median"] / median(seconds[10:])
