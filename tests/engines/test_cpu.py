from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from napari_ifealid.engines.cpu import CpuEngine
from napari_ifealid.engines.pixels import PixelVectors
from napari_ifealid.metrics import spectral_angle_similarity
from napari_ifealid.stack import FeatureStack


def pixels_of(values: np.ndarray, **arguments) -> PixelVectors:
    return PixelVectors.of(FeatureStack(values=values, name="x", **arguments))


def most_bytes_of_a_map(engine: CpuEngine, reference: np.ndarray) -> int:
    """Return the most memory that a map takes on its way."""
    tracemalloc.start()
    engine.similarity_map(reference)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_float32_stack_is_used_where_it_lies():
    values = np.random.default_rng(0).normal(size=(6, 7, 8)).astype(np.float32)
    engine = CpuEngine(pixels_of(values))
    values[2, 3] = -values[1, 1]
    values[4, 5] = values[1, 1]
    # the lengths are those of before, the directions are those of now
    similarity = engine.similarity_map(values[1, 1])
    assert similarity[2, 3] == 0
    assert similarity[4, 5] > 0.5


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("order", ["features last", "features first"])
def test_map_of_a_large_stack_takes_little_memory(dtype, order):
    shape = (300, 250, 128) if order == "features last" else (128, 300, 250)
    values = np.random.default_rng(0).integers(0, 9, shape, np.uint8).astype(dtype)
    if order == "features first":
        values = np.moveaxis(values, 0, -1)
    engine = CpuEngine(pixels_of(values))
    maps = 300 * 250 * 4
    assert most_bytes_of_a_map(engine, np.ones(128)) < 6 * maps + (4 << 20)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_memory_mapped_stack_works(tmp_path, dtype):
    values = np.random.default_rng(0).integers(0, 256, (6, 7, 8)).astype(dtype)
    np.save(tmp_path / "cube.npy", values)
    pixels = pixels_of(np.load(tmp_path / "cube.npy", mmap_mode="r"))
    similarity = CpuEngine(pixels).similarity_map(values[1, 2])
    np.testing.assert_allclose(
        similarity, spectral_angle_similarity(values, values[1, 2]), atol=1e-6
    )


def test_memory_is_that_held_for_each_pixel():
    pixels = pixels_of(np.ones((6, 7, 8)))
    assert CpuEngine(pixels).memory == 6 * 7 * (4 + 1 + 1)


def test_stacks_longer_than_a_block_are_compared_whole():
    values = np.random.default_rng(0).integers(1, 256, (300, 200, 16), np.uint8)
    similarity = CpuEngine(pixels_of(values)).similarity_map(values[299, 199])
    np.testing.assert_allclose(
        similarity, spectral_angle_similarity(values, values[299, 199]), atol=1e-6
    )
