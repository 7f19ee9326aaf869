from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.formats.hdf5_contents import ListedArray
from napari_ifealid.formats.matlab_variables import vectors_of


@pytest.mark.parametrize(
    ("shape", "is_vector"), [((1, 4), True), ((4, 1), True), ((2, 2), False), ((1, 1), False)]
)
def test_array_with_one_axis_longer_than_one_is_a_vector(shape, is_vector):
    arrays = {name: ListedArray(shape, np.dtype("f8")) for name in ("Lambda", "other")}
    vectors = vectors_of(arrays, lambda name: np.arange(4.0).reshape(shape))
    assert [(one.name, one.shape) for one in vectors] == [("Lambda", (4,))] * is_vector
    assert all(one.read().tolist() == [0, 1, 2, 3] for one in vectors)
