from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.formats.scaled_bands import OneBand, ScaledBands

CUBE = np.arange(60, dtype=np.int16).reshape(3, 4, 5)


def indices(length: int):
    ends = st.tuples(st.integers(0, length), st.integers(0, length)).map(sorted)
    return st.integers(0, length - 1) | ends.map(lambda pair: slice(*pair))


@given(axis=st.integers(0, 2), data=st.data())
def test_any_part_has_the_real_values_of_its_bands(axis, data):
    count = CUBE.shape[axis]
    scales, offsets = np.arange(1, count + 1) / 4, np.arange(count) - 2.0
    along = [-1 if one == axis else 1 for one in range(3)]
    expected = CUBE * scales.reshape(along) + offsets.reshape(along)
    expected[CUBE == 7] = np.nan
    array = ScaledBands(CUBE, axis, tuple(scales), tuple(offsets), 7.0)
    index = tuple(data.draw(indices(length)) for length in CUBE.shape)
    found = array[index]
    assert (array.shape, array.dtype, found.dtype) == (CUBE.shape, np.float32, np.float32)
    np.testing.assert_array_equal(found, expected[index].astype("f4"))


@pytest.mark.parametrize("index", [np.s_[0:2, 3, 0:1], np.s_[1, 1:3, 0], np.s_[0:3, 0:4, 0:1]])
def test_single_band_is_an_axis_of_its_own(index):
    band = OneBand(CUBE[0])
    assert (band.shape, band.ndim, band.dtype) == ((4, 5, 1), 3, CUBE.dtype)
    np.testing.assert_array_equal(band[index], CUBE[0][..., np.newaxis][index])


def test_large_integers_keep_their_digits():
    stored = 2**30 + np.arange(60, dtype=np.int32).reshape(3, 4, 5)
    array = ScaledBands(stored, 2, (1.0,) * 5, (0.5,) * 5)
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array[:, :, :], stored + 0.5)
