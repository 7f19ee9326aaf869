from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from napari_ifealid.engines.cpu import CpuEngine
from napari_ifealid.engines.pixels import PixelVectors
from napari_ifealid.engines.preview import MOST_DIRECTIONS, Preview, preview_of
from napari_ifealid.formats import read_stack
from napari_ifealid.stack import FeatureStack

LARGE = 1 << 28


def features(*shape: int, rank: int = 6, seed: int = 0) -> np.ndarray:
    """Features as those behind a ReLU, which vary in a few directions mostly."""
    rng = np.random.default_rng(seed)
    few = rng.normal(size=(*shape[:-1], rank)) @ rng.normal(size=(rank, shape[-1]))
    noisy = few + 0.1 * rng.normal(size=shape)
    return np.maximum(noisy, 0).astype(np.float32)


def pixels_of(values: np.ndarray, **arguments) -> PixelVectors:
    return PixelVectors.of(FeatureStack(values=values, name="x", **arguments))


def preview(values: np.ndarray, budget: int = LARGE, **arguments) -> Preview:
    made = preview_of(pixels_of(values, **arguments), budget)
    assert made is not None
    return made


@pytest.fixture(scope="module", params=["C1", "C3"])
def dataset(request, shared_data) -> FeatureStack:
    return read_stack(shared_data / f"000000015746.jpg.{request.param}.npz.8.zip")


def test_ranks_of_real_maps_are_kept(dataset):
    pixels = PixelVectors.of(dataset)
    engine, quick = CpuEngine(pixels), preview_of(pixels, LARGE)
    rng = np.random.default_rng(4)
    correlations = []
    for _ in range(60):
        pixel = tuple(int(rng.integers(length)) for length in dataset.spatial_shape)
        exact = engine.similarity_map(dataset.vector(pixel))
        correlations.append(spearmanr(exact, quick.similarity_map_of(pixel), axis=None)[0])
    assert np.median(correlations) >= 0.98
    assert min(correlations) >= 0.95


def test_stated_error_is_that_of_real_maps(dataset):
    pixels = PixelVectors.of(dataset)
    engine, quick = CpuEngine(pixels), preview_of(pixels, LARGE)
    rng = np.random.default_rng(5)
    differences = []
    for _ in range(60):
        pixel = tuple(int(rng.integers(length)) for length in dataset.spatial_shape)
        exact = engine.similarity_map(dataset.vector(pixel))
        differences.append(np.abs(exact - quick.similarity_map_of(pixel)))
    assert np.percentile(differences, 95) == pytest.approx(quick.error, rel=0.05)


@pytest.mark.parametrize("shape", [(30, 20, 9), (1, 1, 1), (4, 5, 6, 40)])
def test_all_directions_lose_next_to_nothing(shape):
    values = features(*shape)
    values.reshape(-1, shape[-1])[0] = 1
    pixel = (0,) * (len(shape) - 1)
    exact = CpuEngine(pixels_of(values)).similarity_map(values[pixel])
    np.testing.assert_allclose(preview(values).similarity_map(values[pixel]), exact, atol=0.08)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64, np.int16])
def test_pixels_are_compared_by_code_as_by_vector(dtype):
    values = (100 * features(30, 20, 40)).astype(dtype)
    quick = preview(values)
    np.testing.assert_allclose(
        quick.similarity_map_of((7, 8)), quick.similarity_map(values[7, 8]), atol=0.03
    )


def test_signed_quantised_values_keep_their_angles():
    values = np.random.default_rng(0).integers(0, 256, (40, 30, 20), np.uint8)
    signed = {"value_range": (-1.0, 1.0)}
    stack = FeatureStack(values=values, name="x", **signed)
    exact = CpuEngine(pixels_of(values, **signed)).similarity_map(stack.vector((3, 4)))
    near = preview(values, **signed).similarity_map_of((3, 4))
    assert np.corrcoef(exact.ravel(), near.ravel())[0, 1] > 0.99


def test_zero_and_nonfinite_pixels_are_as_in_an_exact_map():
    values = features(12, 10, 8) + 0.01
    values[0, 0] = 0
    values[1, 1, 3] = np.nan
    values[2, 2, 4] = np.inf
    quick = preview(values)
    for similarity in (quick.similarity_map(values[5, 5]), quick.similarity_map_of((5, 5))):
        assert similarity[0, 0] == 0
        assert np.isnan(similarity[1, 1])
        assert np.isnan(similarity[2, 2])
        assert np.isfinite(similarity).sum() == 118
    for similarity in (quick.similarity_map(values[0, 0]), quick.similarity_map_of((0, 0))):
        assert similarity[0, 0] == 1
        assert np.nansum(similarity) == 1
    assert np.isnan(quick.similarity_map(values[1, 1])).all()
    assert np.isnan(quick.similarity_map_of((1, 1))).all()


def test_constant_stack_is_alike_everywhere():
    near = preview(np.ones((6, 5, 4), np.float32)).similarity_map_of((2, 2))
    np.testing.assert_allclose(near, 1.0, atol=0.02)


@pytest.mark.parametrize(("budget", "directions"), [(600 * 3 + 5, 3), (600 * 40, 40), (LARGE, 200)])
def test_memory_stays_within_the_budget(budget, directions):
    codes = preview(features(30, 20, 200), budget).codes
    assert codes.shape == (600, min(directions, MOST_DIRECTIONS))
    assert codes.nbytes <= budget


def test_budget_too_small_for_a_byte_a_pixel_gives_no_preview():
    assert preview_of(pixels_of(features(30, 20, 8)), 599) is None


def test_stack_larger_than_the_sample_is_compared_whole():
    values = features(200, 150, 12)
    exact = CpuEngine(pixels_of(values)).similarity_map(values[199, 149])
    near = preview(values).similarity_map_of((199, 149))
    assert np.percentile(np.abs(exact - near), 95) < 0.03
