from __future__ import annotations

import numpy as np

from napari_ifealid.explorer.region_reference import RegionReference


def test_equal_pixels_have_equal_keys():
    one, same, other = (RegionReference(np.array(p)) for p in ([1, 2], [1, 2], [1, 3]))
    assert one.key == same.key != other.key


def test_middle_is_a_pixel_of_the_region():
    ring = RegionReference(np.array([0, 1, 2, 5, 7, 10, 11, 12]))
    assert ring.middle((5, 5)) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1), (2, 2)]
    assert RegionReference(np.array([6, 7, 8])).middle((5, 5)) == (1, 2)
