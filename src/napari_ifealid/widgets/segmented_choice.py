"""A choice of one of a few, as buttons side by side."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Generic, TypeVar

from psygnal import Signal
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

E = TypeVar("E", bound=Enum)

_PADDING = 4  # pixels beside each text


class SegmentedChoice(QWidget, Generic[E]):
    """One of a few members of an enum is chosen at any time, the first one at first.

    Parameters
    ----------
    tooltips : mapping
        The members that can be chosen, and the tooltip of each. Their values are the texts.

    Attributes
    ----------
    changed : Signal(Enum)
        Another member has been chosen.
    """

    changed = Signal(object)

    def __init__(self, tooltips: Mapping[E, str]) -> None:
        super().__init__()
        self._group = QButtonGroup(self)
        self._buttons = {member: self._button(member, tip) for member, tip in tooltips.items()}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        for button in self._buttons.values():
            self._group.addButton(button)
            row.addWidget(button)
        next(iter(self._buttons.values())).setChecked(True)
        self._group.buttonToggled.connect(self._on_toggled)

    @property
    def value(self) -> E:
        """The member that is chosen."""
        return next(member for member, button in self._buttons.items() if button.isChecked())

    @value.setter
    def value(self, member: E) -> None:
        self._buttons[member].setChecked(True)

    def _button(self, member: E, tooltip: str) -> QPushButton:
        button = QPushButton(member.value)
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setToolTip(tooltip)
        button.setStyleSheet(f"padding: 3px {_PADDING}px")
        # some of Qt's styles ask for more than the text, and four do not fit into a narrow dock
        button.setMinimumWidth(button.fontMetrics().horizontalAdvance(member.value) + 2 * _PADDING)
        return button

    def _on_toggled(self, _: object, is_checked: bool) -> None:
        if is_checked:  # the other one has let go before
            self.changed.emit(self.value)
