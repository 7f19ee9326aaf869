"""How the cost of a map grows with pixels, with features and with layers."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from maps import map_of, wait_until_compiled
from napari_ifealid.engines import CpuEngine, preview_of
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.explorer import Explorer
from napari_ifealid.layers import layer_data
from napari_ifealid.stack import FeatureStack

PIXELS = [(32, 32), (100, 100), (320, 320), (1000, 1000), (3200, 3200)]
FEATURES = [4, 16, 64, 256, 1024, 4096]
LAYERS = [1, 10, 100, 1000]


def stack_of(shape: tuple[int, int, int]) -> FeatureStack:
    values = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    return FeatureStack(values=values, name="random")


def time_map(benchmark, stack: FeatureStack, *, of_preview: bool) -> None:
    pixels = PixelVectors.of(stack)
    preview = preview_of(pixels, 1 << 31)
    engine = preview if of_preview and preview is not None else CpuEngine(pixels)
    for stored in (pixels.stored, preview.codes if preview is not None else pixels.stored):
        wait_until_compiled(stored)
    benchmark(map_of, engine, stack, (1, 1))
    benchmark.extra_info["stack, MB"] = stack.values.nbytes / 1e6


@pytest.mark.parametrize("of_preview", [False, True], ids=["exact", "preview"])
@pytest.mark.parametrize("size", PIXELS, ids=str)
def test_pixels(benchmark, size, of_preview):
    benchmark.group = "64 features, pixels"
    time_map(benchmark, stack_of((*size, 64)), of_preview=of_preview)


@pytest.mark.parametrize("of_preview", [False, True], ids=["exact", "preview"])
@pytest.mark.parametrize("features", FEATURES)
def test_features(benchmark, features, of_preview):
    benchmark.group = "320 × 320 pixels, features"
    time_map(benchmark, stack_of((320, 320, features)), of_preview=of_preview)


@pytest.mark.parametrize("layers", LAYERS)
def test_layers(benchmark, qapp, layers):
    """From the choice of a pixel to the written map, with so many stacks open in a viewer."""
    benchmark.group = "100 × 100 pixels of 64 features, layers"
    viewer = ViewerModel()
    for number in range(layers):
        values = np.random.default_rng(number).integers(0, 256, (100, 100, 64), np.uint8)
        for layer in layer_data(FeatureStack(values=values, name=str(number))):
            viewer.add_layer(Layer.create(*layer))
    explorer = Explorer(viewer)
    pixels = iter(np.ndindex(100, 100))
    benchmark.pedantic(lambda: explorer.show_pixel(next(pixels)), rounds=200, warmup_rounds=10)
    benchmark.extra_info["stacks, MB"] = layers * values.nbytes / 1e6
    explorer.close()
