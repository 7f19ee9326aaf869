from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_ifealid.explorer.feature_slider import move_slider, slider_feature


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("feature", [0, 3, 4])
def test_slider_is_where_it_was_moved(axis, feature):
    viewer = ViewerModel()
    layer = viewer.add_image(np.zeros((5, 5, 5)), scale=(1, 2, 3), translate=(0, 7, -4))
    move_slider(viewer, layer, axis, feature)
    assert slider_feature(viewer, layer, axis) == feature


def test_slider_beside_a_layer_of_more_axes():
    viewer = ViewerModel()
    viewer.add_image(np.zeros((2, 9, 5, 5)))
    layer = viewer.add_image(np.zeros((6, 5, 5)))
    move_slider(viewer, layer, 0, 4)
    assert viewer.dims.current_step[1] == 4
    assert slider_feature(viewer, layer, 0) == 4


def test_slider_past_the_last_feature_is_at_the_last():
    viewer = ViewerModel()
    viewer.add_image(np.zeros((9, 5, 5)))
    layer = viewer.add_image(np.zeros((6, 5, 5)))
    viewer.dims.set_current_step(0, 8)
    assert slider_feature(viewer, layer, 0) == 5
