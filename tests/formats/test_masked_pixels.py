from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.formats.masked_pixels import MaskedPixels

VALUES = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
MASK = np.ones((4, 5), bool)
MASK[1, 2] = MASK[3] = False
EXPECTED = np.where(MASK, VALUES, np.nan)
ALL = slice(None)
PARTS = [ALL, slice(1, 3), 1]


@pytest.mark.parametrize("first", PARTS)
@pytest.mark.parametrize("row", PARTS)
@pytest.mark.parametrize("column", [ALL, slice(2, 4), 2])
def test_each_part_is_nan_where_the_mask_is_0(first, row, column):
    masked = MaskedPixels(VALUES, MASK, (1, 2))
    part = np.asarray(masked[first, row, column])
    np.testing.assert_array_equal(part, EXPECTED[first, row, column])
    last = MaskedPixels(np.moveaxis(VALUES, 0, -1), MASK, (0, 1))
    part = np.asarray(last[row, column, first])
    np.testing.assert_array_equal(part, np.moveaxis(EXPECTED, 0, -1)[row, column, first])


@pytest.mark.parametrize(
    ("stored", "expected"),
    [("u1", "f4"), ("f2", "f4"), ("f4", "f4"), ("i4", "f8"), ("u8", "f8"), ("f8", "f8")],
)
def test_floats_hold_the_stored_numbers(stored, expected):
    masked = MaskedPixels(VALUES.astype(stored), MASK, (1, 2))
    assert masked.dtype == expected == masked[0, ALL, ALL].dtype
    assert masked.shape == VALUES.shape
