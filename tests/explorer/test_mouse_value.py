from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from explorer_actions import hover
from napari_ifealid.explorer import Explorer, ReferenceMode
from napari_ifealid.explorer.mouse_value import MouseValue
from patient_scheduler import PatientScheduler


@pytest.fixture
def explorer(viewer, features) -> Explorer:
    explorer = Explorer(viewer)
    explorer.show_pixel((1, 2))
    return explorer


@pytest.fixture
def mouse(viewer, explorer) -> MouseValue:
    viewer.mouse_over_canvas = True
    return MouseValue(viewer, explorer)


def test_value_is_that_of_the_map_under_the_mouse_while_the_reference_is_held(
    mouse, explorer, viewer, features
):
    assert mouse.value is None
    explorer.state.follow = False
    hover(viewer, features, 0, 4, 3)
    assert mouse.value == explorer.map_layer.data[4, 3]
    hover(viewer, features, 0, 0.4, 1.3)
    assert mouse.value == explorer.map_layer.data[0, 1]
    hover(viewer, features, 0, 40, 3)
    assert mouse.value is None


def test_value_of_the_cursor_itself_is_not_told(mouse, explorer, viewer, features):
    for mode in ReferenceMode:  # without pins all of them compare with the cursor
        explorer.state.reference = mode
        hover(viewer, features, 0, 4, 3)
        assert mouse.value is None
    explorer.toggle_pin_at((0, 0))
    assert mouse.value == explorer.map_layer.data[4, 3] < 1
    explorer.state.reference = ReferenceMode.CURSOR
    assert mouse.value is None


def test_mouse_elsewhere_has_no_value(mouse, explorer, viewer, features):
    explorer.state.follow = False
    hover(viewer, features, 0, 4, 3)
    changes = []
    mouse.changed.connect(lambda: changes.append(mouse.value))
    viewer.mouse_over_canvas = False
    assert changes == [None]
    viewer.mouse_over_canvas = True
    viewer.dims.ndisplay = 3
    assert mouse.value is None


def test_single_feature_and_a_pixel_without_a_value_have_none(mouse, explorer, viewer, features):
    explorer.state.follow = False
    hover(viewer, features, 0, 4, 3)
    explorer.state.feature = 1
    assert mouse.value is None
    explorer.state.feature = None
    assert mouse.value is not None
    explorer.session.shown_values[4, 3] = np.nan
    assert mouse.value is None


def test_value_of_an_outdated_map_is_never_told(viewer, features):
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    scheduler.run()
    viewer.mouse_over_canvas = True
    mouse = MouseValue(viewer, explorer)
    told = []
    for signal in (mouse.moved, mouse.changed):
        signal.connect(lambda: told.append(mouse.value))
    explorer.state.follow = False
    hover(viewer, features, 0, 4, 3)
    assert told[-1] is not None
    explorer.show_pixel((1, 1))
    assert explorer.session.is_behind
    assert told[-1] is None  # at once, not with the next move
    hover(viewer, features, 0, 4, 2)
    assert told[-1] is None
    scheduler.run()
    assert told[-1] == explorer.map_layer.data[4, 2]


def test_value_is_of_the_slice_that_is_shown(qapp):
    viewer = ViewerModel()
    values = np.random.default_rng(0).random((3, 4, 6, 5))
    layer = viewer.add_image(values, axis_labels=("c", "z", "y", "x"))
    explorer = Explorer(viewer)
    viewer.mouse_over_canvas = True
    mouse = MouseValue(viewer, explorer)
    viewer.dims.set_point(1, 1)
    explorer.state.follow = False
    hover(viewer, layer, 0, 1, 4, 3)
    assert mouse.value == explorer.map_layer.data[1, 4, 3]
    viewer.dims.set_point(1, 2)
    assert mouse.value is None or mouse.value == explorer.map_layer.data[2, 4, 3]


def test_closed_one_follows_nothing(mouse, explorer, viewer, features):
    mouse.close()
    explorer.state.follow = False
    changes = []
    for signal in (mouse.moved, mouse.changed):
        signal.connect(lambda: changes.append(1))
    hover(viewer, features, 0, 4, 3)
    explorer.show_pixel((2, 2))
    viewer.mouse_over_canvas = False
    assert changes == []
    assert mouse.value is None
