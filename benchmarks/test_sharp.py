"""Sharp maps: hovers in turn with plain maps, large images, and what is built before the first."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from skimage import data
from skimage.transform import resize

from maps import map_of, wait_until_compiled
from napari_ifealid.engines import CpuEngine
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.grid import Pixel, whole_region
from napari_ifealid.measures import SPECTRAL_ANGLE
from napari_ifealid.query import Query
from napari_ifealid.sharpening import (
    SharpEngine,
    SharpPixels,
    Weights,
    weight_steps,
)
from napari_ifealid.sharpening.compiled_sums import COMPILED_SUMS
from napari_ifealid.sharpness import Sharpness
from napari_ifealid.stack import FeatureStack

IMAGE = (640, 427)
SHAPES = [(160, 106, 256), (40, 26, 1024)]
LARGE_IMAGE, LARGE = (2048, 1024), (512, 256, 256)


@pytest.fixture
def stack_on_photo(make_stack) -> Callable[..., FeatureStack]:
    """Makes a stack of 8 bit on a photo of a size."""

    def make(shape: tuple[int, int, int], image: tuple[int, int]) -> FeatureStack:
        photo = resize(data.astronaut(), image, preserve_range=True).astype(np.uint8)
        return replace(make_stack(shape), overlay=photo)

    return make


def built_weights(pixels: PixelVectors) -> Weights:
    *_, weights = weight_steps(pixels, Sharpness())
    assert weights is not None
    return weights


def compiled_engine(stack: FeatureStack) -> tuple[SharpEngine, SharpPixels]:
    """Return an engine that has measured the lengths, with all that is compiled."""
    pixels = PixelVectors.of(stack)
    sharp = SharpPixels(stack, built_weights(pixels))
    assert COMPILED_SUMS.begin().result() is not None
    wait_until_compiled(pixels.stored)
    engine = SharpEngine(sharp, pixels)
    list(engine.preparation_steps(SPECTRAL_ANGLE))
    return engine, sharp


def hovered(image: tuple[int, int]) -> Pixel:
    row, column = np.random.default_rng().integers((0, 0), image)
    return int(row), int(column)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sharp_map_in_turn_with_the_plain_one(benchmark, stack_on_photo, shape):
    benchmark.group = f"sharp map of {IMAGE} pixels of an image"
    stack = stack_on_photo(shape, IMAGE)
    engine, sharp = compiled_engine(stack)
    plain = CpuEngine(PixelVectors.of(stack))
    region = whole_region(IMAGE)
    seconds: list[float] = []

    def of_stack() -> None:
        pixel = hovered(shape[:2])
        start = perf_counter()
        map_of(plain, stack, pixel)
        seconds.append(perf_counter() - start)

    def of_image() -> None:
        pixel = hovered(IMAGE)
        values = engine.values(Query.to(sharp.vector(pixel)), region)
        assert values[pixel] == 1.0

    benchmark.pedantic(of_image, setup=of_stack, rounds=100, warmup_rounds=10)
    plain_map = median(seconds[10:])
    benchmark.extra_info["plain map, ms"] = 1000.0 * plain_map
    difference = benchmark.stats["median"] - plain_map
    benchmark.extra_info["more than the plain map, ms"] = 1000.0 * difference


@pytest.mark.parametrize("step", [1, 2])
def test_sharp_map_of_a_large_image(benchmark, stack_on_photo, step):
    benchmark.group = f"sharp map of {LARGE_IMAGE} pixels of an image"
    engine, sharp = compiled_engine(stack_on_photo(LARGE, LARGE_IMAGE))
    region = whole_region(LARGE_IMAGE)

    def of_image() -> None:
        row, column = (number - number % step for number in hovered(LARGE_IMAGE))
        values = engine.values(Query.to(sharp.vector((row, column))), region, step)
        assert values[row // step, column // step] == 1.0

    benchmark.pedantic(of_image, rounds=30, warmup_rounds=3)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_weights_of_an_image(benchmark, stack_on_photo, shape):
    benchmark.group = f"before the first sharp map of {IMAGE} pixels"
    pixels = PixelVectors.of(stack_on_photo(shape, IMAGE))
    benchmark.pedantic(lambda: built_weights(pixels), rounds=7, warmup_rounds=1)
    keep_peak(benchmark, lambda: built_weights(pixels), built_weights(pixels))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_lengths_of_upsampled_vectors(benchmark, stack_on_photo, shape):
    benchmark.group = f"before the first sharp map of {IMAGE} pixels"
    stack = stack_on_photo(shape, IMAGE)
    _, sharp = compiled_engine(stack)
    pixels = PixelVectors.of(stack)

    def measured() -> SharpEngine:
        engine = SharpEngine(sharp, pixels)
        list(engine.preparation_steps(SPECTRAL_ANGLE))
        return engine

    benchmark.pedantic(measured, rounds=7, warmup_rounds=1)
    keep_peak(benchmark, measured, sharp.weights)


def keep_peak(benchmark, work: Callable[[], Any], weights: Weights) -> None:
    """Keep how much memory work takes at the peak, with its result, beside that of weights."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    benchmark.extra_info["weights, MB"] = weights.memory / 1e6
    benchmark.extra_info["at the peak, times the weights"] = peak / weights.memory
