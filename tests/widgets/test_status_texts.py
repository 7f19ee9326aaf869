from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtWidgets import QWidget

from napari_ifealid.explorer import Explorer, ReferenceMode
from napari_ifealid.explorer.schedulers import ImmediateScheduler
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.preprocessing import step_named
from napari_ifealid.stack import FeatureStack
from napari_ifealid.widgets.status_texts import StatusTexts
from patient_scheduler import PatientScheduler


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def make(viewer, qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)

    def make(scheduler=None) -> tuple[Explorer, StatusTexts]:
        explorer = Explorer(viewer, scheduler or ImmediateScheduler())
        return explorer, StatusTexts(explorer, parent)

    return make


@pytest.fixture
def both(make, viewer, add_stack, stack):
    add_stack(viewer, stack)
    return make()


def test_stack_is_told_with_its_axes_in_the_order_of_pixels(both):
    _, texts = both
    assert texts.stack.text() == "6 × 5 pixels × 9 features @ uint8"
    assert texts.engine.text().startswith("Runs on CPU: ") or texts.engine.text() == ""
    assert texts.reference.text() == "Pixel 3, 2"


def test_engine_is_told_when_it_changes(both):
    explorer, texts = both
    explorer.engine_changed.emit("CPU: as chosen")
    assert texts.engine.text() == "Runs on CPU: as chosen"
    explorer.engine_changed.emit("")
    assert texts.engine.text() == ""


@pytest.mark.parametrize(
    ("mode", "pins", "text"),
    [
        (ReferenceMode.CURSOR, [(1, 1), (2, 2)], "Pixel 3, 2"),
        (ReferenceMode.BEST, [], "Pixel 3, 2"),
        (ReferenceMode.BEST, [(1, 1)], "Pin 1, 1 at 6, 6"),
        (ReferenceMode.BEST, [(1, 1), (2, 2)], "Best of 2 pins"),
        (ReferenceMode.MEAN, [(1, 1), (2, 2)], "Mean of 2 pins"),
    ],
)
def test_reference_is_what_the_map_compares_with(both, mode, pins, text, qtbot):
    explorer, texts = both
    for pixel in pins:
        explorer.toggle_pin_at(pixel)
    explorer.state.reference = mode
    qtbot.waitUntil(lambda: texts.reference.text() == text)


@pytest.mark.parametrize(
    ("scale", "translate", "place", "text"),
    [
        ((1, 1), (0, 0), (3, 1), "3, 1"),
        ((4, 4), (2, 2), (14.4, 5.3), "3, 1 at 14, 5"),
        ((0.5, 0.25), (0, 0), (1.5, 0.25), "3, 1 at 1.5, 0.2"),
        ((0.02, 0.02), (0, 0), (0.06, 0.02), "3, 1 at 0.06, 0.02"),
    ],
)
def test_pixel_and_pin_are_told_in_the_world_too(
    both, viewer, scale, translate, place, text, qtbot
):
    explorer, texts = both
    features = explorer.session.layer
    features.scale, features.translate = (1, *scale), (0, *translate)
    explorer.cursor.move_to((0, *place))
    qtbot.waitUntil(lambda: texts.reference.text() == f"Pixel {text}")
    explorer.toggle_pin((0, *place))
    explorer.state.reference = ReferenceMode.BEST
    qtbot.waitUntil(lambda: texts.reference.text() == f"Pin {text}")


def test_pins_that_the_stack_does_not_reach_are_told(both, qtbot):
    explorer, texts = both
    for pixel in [(1, 1), (2, 2)]:
        explorer.toggle_pin_at(pixel)
    explorer.state.reference = ReferenceMode.BEST
    explorer.pins.layer.add([(1000, 1000)])
    qtbot.waitUntil(lambda: texts.reference.text() == "Best of 2 of 3 pins")


def test_reference_outside_of_the_stack_is_told(both, viewer, add_stack, qtbot):
    explorer, texts = both
    explorer.show_pixel((5, 4))
    explorer.state.follow = False
    small = FeatureStack(values=np.ones((4, 4, 2), np.uint8), name="corner")
    add_stack(viewer, small)
    qtbot.waitUntil(lambda: texts.reference.text() == "Pixel 2, 2 (middle)")


def test_map_that_is_not_there_yet_is_told(make, viewer, add_stack, stack, qtbot):
    scheduler = PatientScheduler()
    add_stack(viewer, stack)
    explorer, texts = make(scheduler)
    assert texts.reference.text() == ""
    scheduler.run()
    qtbot.waitUntil(lambda: texts.reference.text() == "Pixel 3, 2")
    explorer.show_pixel((1, 1))
    qtbot.waitUntil(lambda: texts.reference.text() == "Pixel 1, 1 at 6, 6 …")
    scheduler.run()
    qtbot.waitUntil(lambda: texts.reference.text() == "Pixel 1, 1 at 6, 6")


def test_axis_that_is_to_be_told_is_asked_for(make, viewer):
    viewer.add_image(np.zeros((5, 20, 30)))
    _, texts = make()
    assert "axis" in texts.stack.text()
    assert texts.reference.text() == texts.colours.text() == ""


def test_closed_texts_follow_nothing(both, qtbot):
    explorer, texts = both
    texts.close()
    explorer.show_pixel((1, 1))
    qtbot.wait(50)
    assert texts.reference.text() == "Pixel 3, 2"


def test_pixel_without_data_says_so_instead_of_a_similarity(make, viewer, add_stack, qtbot):
    values = np.random.default_rng(0).random((6, 5, 9))
    values[1, 2] = np.nan
    add_stack(viewer, FeatureStack(values=values, name="gap"))
    explorer, texts = make()
    explorer.show_pixel((1, 2))
    qtbot.waitUntil(lambda: texts.reference.text() == "Pixel 1, 2: no data here")
    explorer.show_pixel((1, 1))
    qtbot.waitUntil(lambda: texts.reference.text() == "Pixel 1, 1")


def test_how_many_features_are_compared_is_told_and_why(both):
    explorer, texts = both
    layer = explorer.session.layer
    explorer.feature_use.choose(layer, UsedFeatures((False, False) + (True,) * 7))
    assert texts.stack.text() == "6 × 5 pixels × 9 features @ uint8\n7 of 9 features are compared"
    assert "Left out: 0–1 (chosen)" in texts.stack.toolTip()
    explorer.feature_use.reset(layer)
    assert texts.stack.text() == "6 × 5 pixels × 9 features @ uint8"
    assert "Left out" not in texts.stack.toolTip()


def test_how_values_are_stored_is_told_of_the_layer_whatever_is_done_to_them(both):
    explorer, texts = both
    explorer.state.preprocessing = step_named("unit sum")
    assert explorer.stack.values.dtype == np.float32
    assert texts.stack.text() == "6 × 5 pixels × 9 features @ uint8"
