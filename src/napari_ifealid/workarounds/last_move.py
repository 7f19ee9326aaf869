"""The last mouse move of a sweep, which vispy loses.

vispy leaves out each mouse move that comes within 10 ms of another one, since vispy 0.5
(https://github.com/vispy/vispy/pull/1153). Where that is the last one, what follows the cursor
stays behind it.
"""

from __future__ import annotations

from contextlib import suppress
from time import perf_counter
from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication, QWidget

from napari_ifealid.workarounds.canvases import canvases

_PAUSE = 12  # milliseconds


class LastMove(QObject):
    """Repeats a mouse move over the canvases of a window, once, where vispy may have left it out.

    Those are moves that come within 12 ms of the one before and are followed by a pause.

    Parameters
    ----------
    widget : QWidget
        A widget in the window. It keeps this object alive.
    """

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._canvases = canvases(widget)
        self._before = 0.0  # when the move before came, in seconds
        self._last: tuple[QWidget, QMouseEvent] | None = None
        self._is_repeating = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._repeat)
        for canvas in self._canvases:
            canvas.installEventFilter(self)

    def close(self) -> None:
        """Stop repeating moves."""
        with suppress(RuntimeError):  # Qt has deleted the widget, and this with it
            self._forget()
            for canvas in self._canvases:
                canvas.removeEventFilter(self)

    def eventFilter(self, canvas: Any, event: Any) -> bool:  # noqa: N802  # the name is Qt's
        """Wait whether a move is the last one."""
        if event.type() == QEvent.Type.MouseMove and not event.buttons():
            if not self._is_repeating:
                self._remember(canvas, event)
        elif event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.Leave):
            self._forget()
        return False

    def _remember(self, canvas: QWidget, event: QMouseEvent) -> None:
        now = perf_counter()
        is_handled, self._before = now - self._before > _PAUSE / 1000.0, now
        if is_handled:
            self._forget()
            return
        copy = QMouseEvent(
            event.type(),
            event.position(),
            event.globalPosition(),
            event.button(),
            event.buttons(),
            event.modifiers(),
        )
        self._last = canvas, copy
        self._timer.start(_PAUSE)

    def _forget(self) -> None:
        self._timer.stop()
        self._last = None

    def _repeat(self) -> None:
        if self._last is None:
            return
        (canvas, event), self._last = self._last, None
        self._is_repeating = True
        try:
            QApplication.sendEvent(canvas, event)
        finally:
            self._is_repeating = False
