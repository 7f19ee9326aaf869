"""Learning that a dock widget was closed."""

from __future__ import annotations

import weakref
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
        Must not refer to the widget, which could not go while the function is kept.
    """
    # where the collector of garbage finds the widget first, Qt calls nobody any more, or what has
    # been emptied by then; this calls before that, and has nothing that could be emptied
    once = weakref.finalize(widget, function)
    once.atexit = False
    widget.installEventFilter(_Removal(widget, once))
    widget.destroyed.connect(once)


class _Removal(QObject):
    def __init__(self, widget: QWidget, once: Callable[[], Any]) -> None:
        super().__init__(widget)
        self._once = once

    def eventFilter(self, widget: Any, event: Any) -> bool:  # noqa: N802  # the name is Qt's
        if event.type() == QEvent.Type.ParentChange and widget.parent() is None:
            self._once()
        return False
