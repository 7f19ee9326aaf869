from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_ifealid.explorer import Explorer
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.stack import FeatureStack
from napari_ifealid.widgets.pin_list import PinList


@pytest.fixture
def pins(explorer, qtbot) -> PinList:
    widget = PinList(explorer)
    qtbot.addWidget(widget)
    return widget


def texts(pins: PinList) -> list[str]:
    return [pins.rows.item(row).text() for row in range(pins.rows.count())]


def test_says_what_to_do_without_pins(pins):
    assert pins.title.text() == "Click in the picture to pin a pixel"
    for part in (pins.rows, pins.sign, pins.remove, pins.clear):
        assert part.isHidden()


def test_lists_pins_with_their_places(pins, explorer):
    explorer.toggle_pin_at((1, 1))
    explorer.toggle_pin_at((2, 3))
    assert texts(pins) == ["1, 1 at 6, 6", "2, 3 at 10, 14"]
    explorer.pins.layer.add([(1000, 1000)])
    assert texts(pins)[2] == "outside of this stack"


def test_pins_are_told_by_their_pixels_of_a_stack_that_is_moved(pins, explorer):
    explorer.toggle_pin_at((1, 1))
    explorer.toggle_pin_at((2, 3))
    layer = explorer.session.layer
    layer.translate = np.add(layer.translate, (0, 4, 8))  # by a pixel and by two
    assert texts(pins) == ["outside of this stack", "1, 1 at 10, 14"]


def test_removes_the_chosen_pin(pins, explorer):
    for pixel in [(1, 1), (2, 3), (3, 3)]:
        explorer.toggle_pin_at(pixel)
    pins.rows.setCurrentRow(1)
    pins.remove.click()
    assert [pixel for pixel, _ in explorer.pinned] == [(1, 1), (3, 3)]


def test_key_removes_the_chosen_pin(pins, explorer):
    explorer.toggle_pin_at((1, 1))
    explorer.toggle_pin_at((2, 3))
    pins.rows.setCurrentRow(0)
    QTest.keyClick(pins.rows, Qt.Key.Key_Delete)
    assert [pixel for pixel, _ in explorer.pinned] == [(2, 3)]


def test_clears_all_pins(pins, explorer):
    explorer.toggle_pin_at((1, 1))
    explorer.toggle_pin_at((2, 3))
    pins.clear.click()
    assert explorer.pinned == []
    assert texts(pins) == []


def test_is_no_higher_than_three_pins(pins, explorer):
    for column in range(3):
        explorer.toggle_pin_at((1, column))
    before = pins.sizeHint().height()
    assert pins.title.text() == "Pins"
    explorer.toggle_pin_at((1, 3))
    assert pins.sizeHint().height() == before


def test_stopped_list_follows_nothing(pins, explorer):
    pins.stop()
    explorer.toggle_pin_at((1, 1))
    assert texts(pins) == []


def test_button_changes_the_sign_of_the_chosen_pin(pins, explorer):
    explorer.toggle_pin_at((1, 1))
    explorer.toggle_pin_at((2, 3))
    assert not pins.sign.isEnabled()
    pins.rows.setCurrentRow(1)
    pins.sign.click()
    assert texts(pins) == ["1, 1 at 6, 6", "unlike 2, 3 at 10, 14"]
    assert [pin.sign for pin in explorer.pins.pins] == [1, -1]
    pins.sign.click()
    assert [pin.sign for pin in explorer.pins.pins] == [1, 1]


def test_pin_without_data_says_so(qapp, add_stack, qtbot):
    values = np.random.default_rng(0).random((6, 5, 9))
    values[1, 2, 3] = np.nan
    viewer = ViewerModel()
    layer = add_stack(viewer, FeatureStack(values=values, name="gap"))
    explorer = Explorer(viewer)
    pins = PinList(explorer)
    qtbot.addWidget(pins)
    explorer.toggle_pin_at((1, 2))
    explorer.toggle_pin_at((4, 1))
    assert texts(pins) == ["1, 2: no data here", "4, 1"]
    explorer.feature_use.choose(layer, UsedFeatures((True, True, True, False) + (True,) * 5))
    assert texts(pins) == ["1, 2", "4, 1"]
    explorer.feature_use.undo(layer)
    explorer.state.window = 3
    assert texts(pins) == ["1, 2", "4, 1"]  # the mean of its neighbours
