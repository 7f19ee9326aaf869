from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from napari_ifealid.explorer.compared_pixels import OwnPixels
from napari_ifealid.explorer.vector_reader import PixelVectorReader
from napari_ifealid.stack import FeatureStack
from patient_scheduler import PatientScheduler


@pytest.fixture
def background() -> PatientScheduler:
    return PatientScheduler()


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).random((40, 5, 6))


@pytest.fixture
def arrivals() -> list[int]:
    return []


@pytest.fixture
def reader(background, values, arrivals) -> PixelVectorReader:
    stack = FeatureStack(values=da.from_array(values, chunks=3), name="x")
    return PixelVectorReader(OwnPixels(stack), background, lambda: arrivals.append(1), pytest.fail)


def test_vector_in_memory_is_there_at_once(background, values):
    reader = PixelVectorReader(
        OwnPixels(FeatureStack(values=values, name="x")), background, pytest.fail, pytest.fail
    )
    np.testing.assert_array_equal(reader.vector((3, 4)), values[3, 4])


def test_vector_on_disk_is_read_in_the_background(reader, background, values, arrivals):
    assert reader.vector((3, 4)) is None
    assert arrivals == []
    background.run()
    assert arrivals == [1]
    np.testing.assert_array_equal(reader.vector((3, 4)), values[3, 4])
    assert background.background == []


def test_pixels_of_a_sweep_that_are_old_are_not_read(reader, background, arrivals):
    for row in range(40):
        reader.vector((row, 0))
    background.run()
    assert reader.vector((39, 0)) is not None
    assert reader.vector((10, 0)) is None
    assert len(arrivals) == 2


def test_pixel_that_cannot_be_read_is_asked_for_again(background, values, arrivals, monkeypatch):
    stack = FeatureStack(values=da.from_array(values, chunks=3), name="x")
    failures: list[Exception] = []
    reader = PixelVectorReader(
        OwnPixels(stack), background, lambda: arrivals.append(1), failures.append
    )
    with monkeypatch.context() as patch:
        patch.setattr(FeatureStack, "vector", lambda *_: 1 / 0)
        reader.vector((3, 4))
        background.run()
    assert arrivals == []
    assert [type(error) for error in failures] == [ZeroDivisionError]
    assert reader.vector((3, 4)) is None
    background.run()
    assert reader.vector((3, 4)) is not None


def test_stopped_reader_tells_of_nothing_any_more(reader, background, arrivals):
    reader.vector((3, 4))
    reader.stop()
    background.run()
    assert arrivals == []
