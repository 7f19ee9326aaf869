from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.formats.joined_bands import JoinedBands

FIRST = np.arange(4 * 3 * 5, dtype=np.uint8).reshape(4, 3, 5)
SECOND = np.arange(4 * 2 * 5, dtype=np.int16).reshape(4, 2, 5) + 300
WHOLE = np.concatenate([FIRST, SECOND], axis=1)


def index_of(length: int):
    ends = st.integers(0, length)
    part = st.tuples(ends, ends).map(lambda pair: slice(min(pair), max(pair)))
    return st.integers(0, length - 1) | part


@pytest.mark.parametrize("axis", range(3))
@given(data=st.data(), order=st.lists(st.integers(0, 4), min_size=1, max_size=5, unique=True))
def test_any_part_is_that_of_the_bands_in_their_order(axis, data, order):
    arrays = tuple(np.moveaxis(array, 1, axis) for array in (FIRST, SECOND))
    expected = np.take(np.moveaxis(WHOLE, 1, axis), order, axis)
    joined = JoinedBands(arrays, axis, tuple(order))
    assert joined.shape == expected.shape
    assert joined.dtype == np.int16
    index = tuple(data.draw(index_of(length)) for length in expected.shape)
    np.testing.assert_array_equal(joined[index], expected[index])


def test_only_the_arrays_that_have_the_bands_are_read():
    class Unread:
        shape, dtype = SECOND.shape, SECOND.dtype

        def __getitem__(self, index):
            raise AssertionError(index)

    joined = JoinedBands((FIRST, Unread()), 1, (2, 0, 4))
    np.testing.assert_array_equal(joined[1:2, 0:2, 3], FIRST[1:2, [2, 0], 3])
