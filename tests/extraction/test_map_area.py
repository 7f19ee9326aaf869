from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.extraction.map_area import MapArea, finer_placement
from napari_ifealid.stack import FeatureStack, Placement

IMAGE = np.random.default_rng(0).integers(0, 256, (30, 45, 3), np.uint8)


def stack_of(height: int, width: int, placement: Placement | None = None) -> FeatureStack:
    return FeatureStack(
        values=np.ones((height, width, 2)), name="a", overlay=IMAGE, placement=placement
    )


def test_stack_without_a_place_covers_the_image():
    area = MapArea.of(stack_of(3, 5))
    assert (area.rows, area.columns) == (range(30), range(45))
    np.testing.assert_array_equal(area.cut_out(IMAGE), IMAGE)


def test_patches_that_reach_beyond_the_image_cover_padding():
    area = MapArea.of(stack_of(3, 4, Placement((14.0, 14.0), (6.5, 6.5))))
    assert area.shape == (42, 56)
    assert area.on_image == area.in_image == (slice(0, 30), slice(0, 45))
    padded = np.pad(IMAGE, [(0, 12), (0, 11), (0, 0)], mode="edge")
    np.testing.assert_array_equal(area.cut_out(IMAGE), padded)


def test_area_may_begin_beside_the_image():
    area = MapArea.of(stack_of(4, 6, Placement((8.0, 8.0), (0.0, 0.0))))
    assert (area.rows, area.columns) == (range(-3, 29), range(-3, 45))
    assert area.on_image == (slice(3, 32), slice(3, 48))
    assert area.in_image == (slice(0, 29), slice(0, 45))
    padded = np.pad(IMAGE[:29], [(3, 0), (3, 0), (0, 0)], mode="edge")
    np.testing.assert_array_equal(area.cut_out(IMAGE), padded)


def test_area_may_miss_a_border_of_the_image():
    area = MapArea.of(stack_of(2, 3, Placement((10.0, 10.0), (9.5, 9.5))))
    assert area.on_image == (slice(0, 20), slice(0, 30))
    assert area.in_image == (slice(5, 25), slice(5, 35))
    np.testing.assert_array_equal(area.cut_out(IMAGE), IMAGE[5:25, 5:35])


@pytest.mark.parametrize("placement", [None, Placement((8.0, 10.0), (0.0, 3.25))])
def test_finer_pixels_have_the_same_outer_edges(placement):
    stack = stack_of(3, 5, placement)
    finer = finer_placement(stack, (12, 10))
    old = placement or Placement((10.0, 9.0), (4.5, 4.0))
    for axis, (count, more) in enumerate([(3, 12), (5, 10)]):
        for end in (-0.5, 0.5):
            expected = old.stride[axis] * ((count if end > 0 else 0) - 0.5) + old.offset[axis]
            found = finer.stride[axis] * ((more if end > 0 else 0) - 0.5) + finer.offset[axis]
            assert found == pytest.approx(expected)
