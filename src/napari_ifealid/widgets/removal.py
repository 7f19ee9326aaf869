"""Learning that a dock widget was closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QWidget


def call_when_removed(widget: QWidget, function: Callable[[], None]) -> None:
    """Call a function when a widget is taken out of its dock or destroyed.

    Closing a dock widget in napari only takes its content out: Qt may never destroy it.
    """
    widget.installEventFilter(_Removal(widget, function))
    # Qt would not call a method of the widget any more
    widget.destroyed.connect(lambda: function())


class _Removal(QObject):
    def __init__(self, widget: QWidget, function: Callable[[], None]) -> None:
        super().__init__(widget)
        self._function = function

    def eventFilter(self, widget: Any, event: Any) -> bool:  # noqa: N802  # the name is Qt's
        if event.type() == QEvent.Type.ParentChange and widget.parent() is None:
            self._function()
        return False
