from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_ifealid.explorer.feature_slider import FeatureSlider
from napari_ifealid.explorer.schedulers import ImmediateScheduler


@pytest.fixture
def moves() -> list[int]:
    """The features that the user moved the slider to."""
    return []


@pytest.fixture
def follow(viewer, moves):
    followed: list[FeatureSlider] = []  # as long as the test

    def follow(layer: Image, axis: int = 0) -> FeatureSlider:
        followed.append(FeatureSlider(viewer, layer, axis, ImmediateScheduler(), moves.append))
        return followed[-1]

    return follow


def cube(viewer: ViewerModel, *shape: int, **options) -> Image:
    return viewer.add_image(np.zeros(shape), **options)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("feature", [0, 3, 4])
def test_slider_and_feature_are_at_the_same_place(viewer, follow, moves, axis, feature):
    layer = cube(viewer, 5, 5, 5, scale=(1, 2, 3), translate=(0, 7, -4))
    slider = follow(layer, axis)
    slider.move_to(feature)
    assert viewer.dims.current_step[axis] == feature
    assert moves == []
    viewer.dims.set_current_step(axis, (feature + 1) % 5)
    assert moves == [(feature + 1) % 5]


def test_slider_beside_a_layer_of_more_axes_is_that_of_the_features(viewer, follow):
    cube(viewer, 2, 9, 5, 5, visible=False)
    follow(cube(viewer, 6, 5, 5)).move_to(4)
    assert viewer.dims.current_step[1] == 4


def test_range_is_that_of_the_explored_features(viewer, follow, moves):
    few, many = cube(viewer, 6, 5, 5), cube(viewer, 20, 5, 5, visible=False)
    slider = follow(few)
    assert viewer.dims.range[0] == (0, 5, 1)
    slider.close()
    few.visible = False
    follow(many)
    assert viewer.dims.range[0] == (0, 19, 1)
    assert moves == []


def test_range_stays_so_when_napari_takes_that_of_all_layers(viewer, follow):
    few = cube(viewer, 6, 5, 5)
    follow(few)
    cube(viewer, 30, 5, 5, visible=False)
    viewer.add_points(np.zeros((1, 2)))
    assert viewer.dims.range[0] == (0, 5, 1)


def test_slider_that_belongs_to_another_visible_layer_is_left_to_it(viewer, follow, moves):
    features, _slices = cube(viewer, 6, 5, 5), cube(viewer, 30, 5, 5)
    follow(features)
    assert viewer.dims.range[0] == (0, 29, 1)
    viewer.dims.set_current_step(0, 3)
    assert moves == []


def test_moves_of_other_sliders_are_none_of_this(viewer, follow, moves):
    follow(cube(viewer, 6, 4, 5, 5))
    viewer.dims.set_current_step(1, 3)
    assert moves == []


def test_layers_that_come_and_go_move_nothing(viewer, follow, moves):
    follow(cube(viewer, 6, 5, 5))
    viewer.dims.set_current_step(0, 4)
    other = cube(viewer, 3, 9, 40, 40, visible=False)
    viewer.layers.remove(other)
    assert moves == [4]


def test_closed_slider_is_followed_no_more(viewer, follow, moves):
    follow(cube(viewer, 6, 5, 5)).close()
    viewer.dims.set_current_step(0, 3)
    assert moves == []
