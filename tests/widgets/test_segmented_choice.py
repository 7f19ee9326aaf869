from __future__ import annotations

from enum import Enum

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton

from napari_ifealid.widgets.segmented_choice import SegmentedChoice


class Side(Enum):
    LEFT = "left"
    RIGHT = "right"


@pytest.fixture
def choice(qtbot):
    choice = SegmentedChoice({Side.LEFT: "to the left", Side.RIGHT: "to the right"})
    qtbot.addWidget(choice)
    choice.show()
    qtbot.waitExposed(choice)
    return choice


@pytest.fixture
def changes(choice):
    changes: list[Side] = []
    choice.changed.connect(changes.append)
    return changes


def test_first_member_is_chosen_at_first(choice):
    assert choice.value is Side.LEFT


def test_click_chooses_and_is_reported_once(choice, changes, qtbot):
    right = choice.findChildren(QPushButton)[1]
    for _ in range(2):
        qtbot.mouseClick(right, Qt.MouseButton.LeftButton)
    assert choice.value is Side.RIGHT
    assert changes == [Side.RIGHT]


def test_member_can_be_set(choice, changes):
    choice.value = Side.RIGHT
    choice.value = Side.RIGHT
    assert choice.value is Side.RIGHT
    assert changes == [Side.RIGHT]


def test_is_no_wider_than_its_texts_need(choice):
    buttons = choice.findChildren(QPushButton)
    texts = sum(one.fontMetrics().horizontalAdvance(one.text()) for one in buttons)
    assert texts < choice.minimumSizeHint().width() <= texts + 10 * len(buttons)


def test_keys_choose(choice, qtbot):
    right = choice.findChildren(QPushButton)[1]
    assert right.focusPolicy() & Qt.FocusPolicy.TabFocus
    qtbot.keyClick(right, Qt.Key.Key_Space)
    assert choice.value is Side.RIGHT


def test_each_member_has_its_text_and_tooltip(choice):
    texts = [(button.text(), button.toolTip()) for button in choice.findChildren(QPushButton)]
    assert texts == [("left", "to the left"), ("right", "to the right")]
