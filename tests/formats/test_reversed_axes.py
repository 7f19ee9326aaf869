from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.formats.reversed_axes import ReversedAxes

STORED = np.arange(2 * 3 * 4).reshape(2, 3, 4)


@pytest.mark.parametrize("index", [np.s_[1:3, 0:2, 0:1], np.s_[2, 0:3, 1], np.s_[0:4, 1, 0:2]])
def test_any_part_is_that_of_the_array_as_the_other_program_sees_it(index):
    array = ReversedAxes(STORED)
    assert array.shape == (4, 3, 2)
    assert array.dtype == STORED.dtype
    np.testing.assert_array_equal(array[index], STORED.T[index])
