from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from napari_ifealid.lazy_arrays import lazy
from napari_ifealid.picture import planes
from napari_ifealid.picture.channels import Channels
from napari_ifealid.picture.planes import Plane
from napari_ifealid.stack import FeatureStack

VALUES = np.random.default_rng(1).integers(0, 1000, (3, 23, 17, 12)).astype(np.uint16)
CHANNELS = Channels(
    features=np.array([1, 4, 5, 9]),
    weights=np.random.default_rng(2).random((4, 2)),
    colours=np.ones((2, 3)),
)


def plane_of(values, shape=(23, 17), **more) -> np.ndarray:
    plane = Plane(FeatureStack(values=values, name="x", **more), CHANNELS, (1,), shape)
    for number in range(len(plane)):
        plane.read(number)
    return plane.values


EXPECTED = VALUES[1][..., CHANNELS.features] @ CHANNELS.weights


@pytest.mark.parametrize("chunks", [(3, 23, 17, 12), (1, 5, 4, 3), (2, 10, 17, 1)])
def test_blocks_of_a_lazy_stack_give_the_whole(chunks):
    np.testing.assert_allclose(plane_of(VALUES), EXPECTED, rtol=1e-6)
    np.testing.assert_allclose(plane_of(da.from_array(VALUES, chunks)), EXPECTED, rtol=1e-6)


@pytest.mark.parametrize("chunks", [(3, 23, 17, 12), (1, 5, 4, 3)])
def test_small_parts_give_the_whole(monkeypatch, chunks):
    monkeypatch.setattr(planes, "_BLOCK", 100)
    monkeypatch.setattr(planes, "_LAZY_BLOCK", 200)
    np.testing.assert_allclose(plane_of(da.from_array(VALUES, chunks)), EXPECTED, rtol=1e-6)


@pytest.mark.parametrize("chunks", [(3, 23, 17, 12), (1, 2, 4, 3)])
def test_fewer_pixels_are_spread_evenly(chunks):
    rows, columns = [2, 6, 11, 16, 20], [2, 8, 14]
    expected = EXPECTED[np.ix_(rows, columns)]
    np.testing.assert_allclose(plane_of(VALUES, (5, 3)), expected, rtol=1e-6)
    lazy = da.from_array(VALUES, chunks)
    np.testing.assert_allclose(plane_of(lazy, (5, 3)), expected, rtol=1e-6)


def test_only_chunks_and_features_that_are_used_are_read():
    read = []

    class Stored:
        shape, dtype, ndim = VALUES.shape, VALUES.dtype, VALUES.ndim

        def __getitem__(self, index):
            read.append(index)
            return VALUES[index]

    plane_of(lazy(Stored(), (1, 12, 17, 4)))
    features = sorted((part[-1].start, part[-1].stop) for part in read if part[-1].stop)
    assert features == [(1, 2), (1, 2), (4, 6), (4, 6), (9, 10), (9, 10)]


def test_real_values_count_and_missing_ones_are_nan():
    values = VALUES.copy()
    values[1, 3, 4, 5], values[1, 3, 5, 0] = 7777, 7777
    real = plane_of(values, gain=0.5, nodata=7777)
    assert np.argwhere(np.isnan(real[..., 0])).tolist() == [[3, 4]]
    np.testing.assert_allclose(real[0], EXPECTED[0] / 2, rtol=1e-6)
