"""What is compared: the stack, and the axis of its features."""

from __future__ import annotations

from functools import partial

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from napari_ifealid.widgets.stack_choice import StackChoice
from napari_ifealid.widgets.status_texts import StatusTexts


class WhatGroup(QWidget):
    """The choice of the stack, with buttons to go through all of them, and what is linked.

    Parameters
    ----------
    choice : StackChoice
    texts : StatusTexts
        Of which the group shows the one about the stack.
    *below : QWidget
        What comes below.
    """

    def __init__(self, choice: StackChoice, texts: StatusTexts, *below: QWidget) -> None:
        super().__init__()
        self.previous = _arrow(Qt.ArrowType.LeftArrow, "The stack before")
        self.next = _arrow(Qt.ArrowType.RightArrow, "The next stack")
        self.previous.clicked.connect(partial(_step, choice, -1))
        self.next.clicked.connect(partial(_step, choice, 1))
        row = QHBoxLayout()
        row.setSpacing(2)
        for part, stretch in ((self.previous, 0), (choice.layer.native, 1), (self.next, 0)):
            row.addWidget(part, stretch)
        axis = QHBoxLayout()
        axis.addWidget(choice.axis_label)
        axis.addWidget(choice.axis_row, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addLayout(axis)
        for part in (texts.stack, *below):
            layout.addWidget(part)


def _arrow(arrow: Qt.ArrowType, tooltip: str) -> QToolButton:
    button = QToolButton()
    button.setArrowType(arrow)
    button.setToolTip(tooltip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def _step(choice: StackChoice, by: int, *_: object) -> None:
    choice.step(by)
