from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.formats.real_type import real_type


@pytest.mark.parametrize("stored", ["?", "i1", "u2", ">i2", "f2", "f4", ">f4"])
def test_small_values_are_held_by_float32(stored):
    assert real_type(np.dtype(stored)) == np.float32


@pytest.mark.parametrize("stored", ["i4", ">u4", "i8", "f8"])
def test_large_values_need_float64(stored):
    assert real_type(np.dtype(stored)) == np.float64
