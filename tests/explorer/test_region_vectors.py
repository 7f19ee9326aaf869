from __future__ import annotations

import dask.array as da
import numpy as np

from napari_ifealid.explorer import compared_pixels, region_vectors
from napari_ifealid.explorer.compared_pixels import ComparedPixels
from napari_ifealid.explorer.opening import Features
from napari_ifealid.explorer.region_reference import RegionReference
from napari_ifealid.explorer.region_vectors import RegionVectorReader
from napari_ifealid.explorer.schedulers import ImmediateScheduler
from napari_ifealid.measures import UsedFeatures
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
    return RegionVectorReader(
        ComparedPixels.of(Features(stack, stack, None)),
        scheduler or ImmediateScheduler(),
        arrived,
        failed,
    )


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
        patch.setattr(compared_pixels, "region_vector", lambda *_: 1 / 0)
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


def test_other_features_are_read_anew():
    stack = make(lazy=True)
    scheduler = PatientScheduler()
    vectors = reader(stack, scheduler)
    region = RegionReference(PIXELS)
    vectors.vector(region)
    vectors.set_features(UsedFeatures((True, True, False, True)))
    scheduler.run()
    assert vectors.vector(region) is None  # what was being read counted other pixels
    scheduler.run()
    assert vectors.vector(region).count == 7
