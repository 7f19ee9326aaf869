"""Controls that the mouse wheel changes only once they have the focus."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QAbstractSlider, QAbstractSpinBox, QComboBox, QWidget


class UnfocusedWheel(QObject):
    """Lets the wheel pass over controls without the focus: turned to scroll, it changes nothing.

    Parameters
    ----------
    widget : QWidget
        Whose controls are meant, those that it has now. It keeps this object alive.
    """

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        for kind in (QComboBox, QAbstractSpinBox, QAbstractSlider):
            for control in widget.findChildren(kind):
                control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # not by the wheel
                control.installEventFilter(self)

    def eventFilter(self, control: Any, event: Any) -> bool:  # noqa: N802  # the name is Qt's
        """Pass a turn of the wheel on to whatever the control is in."""
        if event.type() == QEvent.Type.Wheel and not control.hasFocus():
            event.ignore()
            return True
        return False
