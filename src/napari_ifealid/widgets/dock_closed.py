"""Learning that a dock widget was closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QWidget


def call_when_closed(widget: QWidget, function: Callable[[], None]) -> None:
    """Call a function once, when a widget is taken out of its dock or destroyed.

    Closing a dock widget in napari only takes its content out: Qt may never destroy it.

    Parameters
    ----------
    widget : QWidget
    function : callable
        Must not refer to the widget, which could not go while Qt keeps the function.
    """
    once = _Once(function)
    widget.installEventFilter(_Removal(widget, once))
    widget.destroyed.connect(once)


class _Once:
    def __init__(self, function: Callable[[], None]) -> None:
        self._function: Callable[[], None] | None = function

    def __call__(self, *_: object) -> None:
        function, self._function = self._function, None
        if function is not None:
            function()


class _Removal(QObject):
    def __init__(self, widget: QWidget, once: _Once) -> None:
        super().__init__(widget)
        self._once = once

    def eventFilter(self, widget: Any, event: Any) -> bool:  # noqa: N802  # the name is Qt's
        if event.type() == QEvent.Type.ParentChange and widget.parent() is None:
            self._once()
        return False
