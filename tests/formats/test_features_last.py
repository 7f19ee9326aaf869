from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.formats import features_last
from napari_ifealid.formats.features_last import FeaturesLast, stack_values
from napari_ifealid.tracking import untracked

CUBE = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)


def index_of(length: int):
    ends = st.integers(0, length)
    part = st.tuples(ends, ends).map(lambda pair: slice(min(pair), max(pair)))
    return st.integers(0, length - 1) | part


@given(axis=st.integers(0, 2), data=st.data())
def test_any_part_is_that_of_the_array_with_its_features_last(axis, data):
    expected = np.moveaxis(CUBE, axis, -1)
    index = tuple(data.draw(index_of(length)) for length in expected.shape)
    np.testing.assert_array_equal(FeaturesLast(CUBE, axis)[index], expected[index])


@pytest.mark.parametrize("chunks", [None, (2, 2, 2)])
@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("fits", [True, False])
def test_values_are_in_memory_where_they_fit_else_read_later(monkeypatch, axis, chunks, fits):
    monkeypatch.setattr(features_last, "fits_memory", lambda _: fits)
    values = stack_values(CUBE, axis, name="cube", track=untracked, chunks=chunks)
    assert isinstance(values, np.ndarray) == fits
    np.testing.assert_array_equal(np.asarray(values), np.moveaxis(CUBE, axis, -1))
    assert not fits or values.flags.c_contiguous


def test_blocks_that_are_read_are_whole_chunks(monkeypatch):
    monkeypatch.setattr(features_last, "LAZY_VALUES", 30)
    read = []

    class Stored:
        shape, dtype = CUBE.shape, CUBE.dtype

        def __getitem__(self, index):
            read.append(index)
            return CUBE[index]

    stack_values(Stored(), 0, name="cube", track=untracked, chunks=(4, 2, 3))
    assert all(
        part.start % length == 0
        for index in read
        for part, length in zip(index, (4, 2, 3), strict=True)
    )
