"""The decimal mark of numbers that are typed: a point and a comma, whatever the language."""

from __future__ import annotations

from typing import Any

from qtpy.QtGui import QValidator
from qtpy.QtWidgets import QDoubleSpinBox, QLineEdit, QWidget

_MARKS = (".", ",")


def accept_any_decimal_mark(widget: QWidget) -> None:
    """Take a point and a comma for the decimal mark in all fields of fractions in a widget.

    Where the comma is the decimal mark, Qt takes a point for one that groups digits: 0.5 becomes 5.

    Parameters
    ----------
    widget : QWidget
    """
    for field in widget.findChildren(QDoubleSpinBox):
        for edit in field.findChildren(QLineEdit):
            edit.setValidator(_AnyMark(field))


class _AnyMark(QValidator):
    """Puts the mark of the field's language in the place of the other one, then asks the field."""

    def __init__(self, field: QDoubleSpinBox) -> None:
        super().__init__(field)
        self._field = field

    def validate(self, text: str | None, position: int) -> Any:
        """Return what the field makes of a text."""
        for mark in _MARKS:
            text = (text or "").replace(mark, self._field.locale().decimalPoint())
        return self._field.validate(text, position)
