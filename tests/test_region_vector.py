from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from napari_ifealid.measures import UsedFeatures
from napari_ifealid.region_vector import region_vector
from napari_ifealid.stack import FeatureStack

PIXELS = np.array([0, 1, 7, 8, 9, 33, 59])


def make(dtype=np.float64, shape=(6, 5, 2, 4), *, lazy=False, first=False) -> FeatureStack:
    rng = np.random.default_rng(0)
    values = (rng.random(shape) * 200).astype(dtype)
    if first:
        values = np.moveaxis(np.ascontiguousarray(np.moveaxis(values, -1, 0)), 0, -1)
    return FeatureStack(values=da.from_array(values, chunks=2) if lazy else values, name="it")


@pytest.mark.parametrize("block", [1, 50, 1 << 18])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
@pytest.mark.parametrize("layout", [{}, {"lazy": True}, {"first": True}])
def test_mean_and_deviation_are_those_of_the_pixels(monkeypatch, block, dtype, layout):
    monkeypatch.setattr("napari_ifealid.region_vector._BLOCK", block)
    monkeypatch.setattr("napari_ifealid.region_vector._LAZY_BLOCK", block)
    stack = make(dtype, **layout)
    values = stack.real_values(np.asarray(stack.values)).reshape(-1, 4)[PIXELS]
    found = region_vector(stack, PIXELS)
    np.testing.assert_allclose(found.mean, values.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(found.deviation, values.std(axis=0), rtol=1e-12)
    assert (found.count, found.left_out) == (7, 0)


def test_values_are_the_real_ones():
    stored = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    stack = FeatureStack(values=stored, name="it", value_range=(-1.0, 1.0), precision=8)
    expected = stack.real_values(stored).reshape(-1, 4)[:2].mean(axis=0)
    np.testing.assert_allclose(region_vector(stack, np.array([0, 1])).mean, expected)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_pixels_that_are_not_finite_are_left_out(bad):
    stack = make()
    stack.values.reshape(-1, 4)[7, 2] = bad
    found = region_vector(stack, PIXELS)
    kept = stack.values.reshape(-1, 4)[PIXELS[PIXELS != 7]]
    np.testing.assert_allclose(found.mean, kept.mean(axis=0))
    np.testing.assert_allclose(found.deviation, kept.std(axis=0))
    assert (found.count, found.left_out) == (6, 1)


def test_region_of_nothing_finite_has_no_mean():
    stack = make()
    stack.values[...] = np.nan
    found = region_vector(stack, PIXELS)
    assert np.isnan(found.mean).all()
    assert np.isnan(found.deviation).all()
    assert (found.count, found.left_out) == (0, 7)


def test_pixels_without_data_are_left_out_of_integers_too():
    values = np.arange(1, 241, dtype=np.int16).reshape(6, 5, 2, 4)
    values.reshape(-1, 4)[7, 2] = -1
    found = region_vector(FeatureStack(values=values, name="it", nodata=-1.0), PIXELS)
    kept = values.reshape(-1, 4)[PIXELS[PIXELS != 7]]
    np.testing.assert_allclose(found.mean, kept.mean(axis=0))
    assert (found.count, found.left_out) == (6, 1)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_pixels_may_lack_features_that_are_not_used(bad):
    stack = make()
    stack.values[..., 2] = bad
    used = UsedFeatures((True, True, False, True))
    found = region_vector(stack, PIXELS, used)
    kept = used.taken(stack.values.reshape(-1, 4)[PIXELS])
    np.testing.assert_allclose(used.taken(found.mean), kept.mean(axis=0))
    np.testing.assert_allclose(used.taken(found.deviation), kept.std(axis=0))
    assert (found.count, found.left_out) == (7, 0)
    assert not np.isfinite(found.mean[2])
