from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_ifealid.widgets.pin_list import PinList


@pytest.fixture
def pins(explorer, qtbot) -> PinList:
    widget = PinList(explorer)
    qtbot.addWidget(widget)
    return widget


def texts(pins: PinList) -> list[str]:
    return [pins.rows.item(row).text() for row in range(pins.rows.count())]


def test_says_what_to_do_without_pins(pins):
    assert texts(pins) == ["Click in the picture to pin a pixel"]
    assert not pins.clear.isEnabled()
    assert not pins.remove.isEnabled()


def test_lists_pins_with_their_places(pins, explorer):
    explorer.toggle_pin_at((1, 1))
    explorer.toggle_pin_at((2, 3))
    assert texts(pins) == ["1, 1 at 6, 6", "2, 3 at 10, 14"]
    explorer.pins.layer.add([(1000, 1000)])
    assert texts(pins)[2] == "outside of this stack"


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
    assert len(texts(pins)) == 1


def test_keeps_its_height(pins, explorer):
    before = pins.sizeHint().height()
    for column in range(4):
        explorer.toggle_pin_at((1, column))
    assert pins.sizeHint().height() == before


def test_stopped_list_follows_nothing(pins, explorer):
    pins.stop()
    explorer.toggle_pin_at((1, 1))
    assert texts(pins) == ["Click in the picture to pin a pixel"]


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
