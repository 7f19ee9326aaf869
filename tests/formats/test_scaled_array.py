from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.formats.scaled_array import ScaledArray

STORED = np.arange(3 * 4 * 5, dtype=np.int16).reshape(3, 4, 5)


def index_of(length: int):
    ends = st.integers(0, length)
    part = st.tuples(ends, ends).map(lambda pair: slice(min(pair), max(pair)))
    return st.integers(0, length - 1) | part


@given(axis=st.integers(0, 2), data=st.data())
def test_any_part_is_that_of_the_scaled_values(axis, data):
    count = STORED.shape[axis]
    gains, offsets = np.arange(count) + 1.0, np.arange(count) - 2.0
    along = [-1 if other == axis else 1 for other in range(3)]
    expected = (STORED * gains.reshape(along) + offsets.reshape(along)).astype(np.float32)
    expected[STORED == 7] = np.nan
    scaled = ScaledArray(STORED, axis, gains, offsets, 7)
    index = tuple(data.draw(index_of(length)) for length in STORED.shape)
    found = scaled[index]
    np.testing.assert_array_equal(found, expected[index])
    assert found.dtype == scaled.dtype == np.float32
    assert scaled.shape == STORED.shape


@pytest.mark.parametrize(
    ("stored", "real"), [("u1", "f4"), ("u2", "f4"), ("f4", "f4"), ("i4", "f8"), ("f8", "f8")]
)
def test_floats_hold_the_stored_values(stored, real):
    scaled = ScaledArray(STORED.astype(stored), 2, np.ones(5), np.zeros(5))
    assert scaled.dtype == real
    np.testing.assert_array_equal(scaled[:, :, :], STORED)
