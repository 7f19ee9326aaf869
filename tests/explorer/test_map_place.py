from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image

from napari_ifealid.explorer.map_place import place_of_image, place_of_stack
from napari_ifealid.explorer.sources import grid_of
from napari_ifealid.grid import Grid


@pytest.mark.parametrize(
    ("axis", "shape", "spatial"),
    [(0, (5, 6), (5, 6)), (1, (4, 1, 6), (4, 6)), (2, (4, 5, 1), (4, 5))],
)
def test_map_has_the_axes_of_its_stack_and_one_pixel_for_features(axis, shape, spatial):
    place = place_of_stack(Image(np.zeros((4, 5, 6)), rgb=False), axis)
    assert (place.shape, place.spatial_shape) == (shape, spatial)


def test_colours_of_a_photo_are_its_features():
    place = place_of_stack(Image(np.zeros((4, 5, 3), np.uint8), rgb=True), -1)
    assert place.shape == place.spatial_shape == (4, 5)


def test_map_lies_where_the_pixels_lie():
    layer = Image(np.zeros((4, 5, 6)), rgb=False, scale=(1, 2, 3), translate=(0, 7, 8))
    place = place_of_stack(layer, 0)
    shown = Image(np.zeros(place.shape), **place.placement)
    np.testing.assert_allclose(shown.data_to_world((2, 3)), grid_of(layer, 0).place_of((2, 3)))


def test_map_on_an_image_lies_where_its_grid_lies():
    layer = Image(np.zeros((4, 5, 6)), rgb=False, units=("pixel", "um", "um"))
    grid = Grid((20, 24), [[0.5, 0.1, 3], [0, 0.25, 4], [0, 0, 1]])
    place = place_of_image(layer, grid)
    shown = Image(np.zeros(place.shape), **place.placement)
    np.testing.assert_allclose(shown.data_to_world((2, 3)), grid.place_of((2, 3)))
    assert [str(unit) for unit in shown.units] == ["micrometer"] * 2
