from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.engines import stack_moments as module
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.engines.stack_moments import moments_of
from napari_ifealid.errors import DatasetError
from napari_ifealid.measures import Background
from napari_ifealid.stack import FeatureStack


@pytest.mark.parametrize("scale", [1e-250, 1.0, 1e250])
@pytest.mark.parametrize("block", [7, 1 << 21])
def test_moments_are_those_of_the_real_values(monkeypatch, block, scale):
    monkeypatch.setattr(module, "_BLOCK_VALUES", block)
    monkeypatch.setattr(module, "WORTH_A_THREAD", 50)
    values = (np.random.default_rng(0).normal(size=(20, 30, 4)) + 3) * scale
    values[3, 4, 1] = np.nan
    moments = moments_of(PixelVectors.of(FeatureStack(values=values, name="x")), has_scatter=True)
    found = Background.from_moments([moments]).in_units_of(scale)
    expected = Background.of(values).in_units_of(scale)
    assert moments.count == 599
    np.testing.assert_allclose(found.mean, expected.mean)
    np.testing.assert_allclose(found.covariance, expected.covariance, atol=1e-12)
    assert found.spread == pytest.approx(expected.spread)


def test_quantised_values_are_taken_at_what_they_stand_for():
    stored = np.random.default_rng(0).integers(0, 256, (20, 30, 4), np.uint8)
    stack = FeatureStack(values=stored, name="x", value_range=(-2.0, 6.0))
    moments = moments_of(PixelVectors.of(stack), has_scatter=False)
    background = Background.from_moments([moments]).in_units_of(1.0)
    real = stack.real_values(stored).reshape(-1, 4)
    np.testing.assert_allclose(background.mean, real.mean(axis=0))
    assert background.covariance is None
    assert background.spread == pytest.approx(np.sqrt(real.var(axis=0).sum()))


def test_products_of_all_pairs_of_features_are_not_begun_where_memory_is_short(free_memory):
    stack = FeatureStack(values=np.ones((2, 2, 1000), np.float32), name="x")
    pixels = PixelVectors.of(stack)
    with free_memory(20_000_000), pytest.raises(DatasetError, match="of memory"):
        moments_of(pixels, has_scatter=True)
    with free_memory(20_000_000):
        assert moments_of(pixels, has_scatter=False).count == 4


def test_parts_are_no_more_than_pixels_for_each_feature(monkeypatch):
    monkeypatch.setattr(module, "_BLOCK_VALUES", 1)
    counts = []
    of = module.Moments.of
    monkeypatch.setattr(
        module.Moments,
        "of",
        lambda block, **options: counts.append(len(block)) or of(block, **options),
    )
    stack = FeatureStack(values=np.random.default_rng(0).random((20, 10, 50), np.float32), name="x")
    assert moments_of(PixelVectors.of(stack), has_scatter=True).count == 200
    assert max(counts) == 50
