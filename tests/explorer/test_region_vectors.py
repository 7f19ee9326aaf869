from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from napari_ifealid.explorer import region_vectors
from napari_ifealid.explorer.region_reference import RegionReference
from napari_ifealid.explorer.region_vectors import RegionVectorReader, region_vector
from napari_ifealid.explorer.schedulers import ImmediateScheduler
from napari_ifealid.stack import FeatureStack
from patient_scheduler import PatientScheduler

PIXELS = np.array([0, 1, 7, 8, 9, 33, 59])


def make(dtype=np.float64, shape=(6, 5, 2, 4), *, lazy=False, first=False) -> FeatureStack:
    rng = np.random.default_rng(0)
    values = (rng.random(shape) * 200).astype(dtype)
    if first:
        values = np.moveaxis(np.ascontiguousarray(np.moveaxis(values, -1, 0)), 0, -1)
    return FeatureStack(values=da.from_array(values, chunks=2) if lazy else values, name="it")


def reader(stack, scheduler=None, arrived=lambda: None, failed=lambda _: None):
    return RegionVectorReader(stack, scheduler or ImmediateScheduler(), arrived, failed)


@pytest.mark.parametrize("block", [1, 50, 1 << 18])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
@pytest.mark.parametrize("layout", [{}, {"lazy": True}, {"first": True}])
def test_mean_and_deviation_are_those_of_the_pixels(monkeypatch, block, dtype, layout):
    monkeypatch.setattr(region_vectors, "_BLOCK", block)
    monkeypatch.setattr(region_vectors, "_LAZY_BLOCK", block)
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


def test_small_regions_are_known_at_once_and_large_ones_later(monkeypatch):
    scheduler, arrivals = PatientScheduler(), []
    stack = make()
    vectors = reader(stack, scheduler, lambda: arrivals.append(None))
    small, large = RegionReference(PIXELS[:2]), RegionReference(PIXELS)
    monkeypatch.setattr(region_vectors, "_AT_ONCE", 10)
    assert vectors.vector(small).count == 2
    assert vectors.vector(large) is None
    scheduler.run()
    assert len(arrivals) == 1
    assert vectors.vector(large).count == 7


def test_lazy_regions_are_read_in_the_background():
    scheduler = PatientScheduler()
    vectors = reader(make(lazy=True), scheduler)
    region = RegionReference(PIXELS)
    assert vectors.vector(region) is None
    scheduler.run()
    assert vectors.vector(region).count == 7


def test_region_that_is_asked_for_last_is_read_next():
    scheduler = PatientScheduler()
    vectors = reader(make(lazy=True), scheduler)
    regions = [RegionReference(PIXELS[:count]) for count in range(1, 6)]
    for region in regions:
        vectors.vector(region)
    scheduler.run_background()
    known = [vectors.vector(region) is not None for region in regions]
    assert known == [True, False, False, False, True]


def test_many_regions_are_read_one_after_the_other(monkeypatch):
    monkeypatch.setattr(region_vectors, "_AT_ONCE", 0)
    regions = [RegionReference(np.array([number])) for number in range(60)]

    def ask() -> list:
        return [vectors.vector(region) for region in regions]

    vectors = reader(make(), arrived=ask)
    ask()
    assert [found.count for found in ask()] == [1] * 60


def test_error_is_reported_and_the_next_region_read(monkeypatch):
    errors = []
    stack = make(lazy=True)
    vectors = reader(stack, failed=errors.append)
    with monkeypatch.context() as patch:
        patch.setattr(region_vectors, "region_vector", lambda *_: 1 / 0)
        assert vectors.vector(RegionReference(PIXELS)) is None
    assert len(errors) == 1
    assert vectors.vector(RegionReference(PIXELS)).count == 7


def test_stopped_reader_reports_nothing():
    scheduler, arrivals = PatientScheduler(), []
    vectors = reader(make(lazy=True), scheduler, lambda: arrivals.append(None))
    vectors.vector(RegionReference(PIXELS))
    vectors.stop()
    scheduler.run()
    assert arrivals == []
