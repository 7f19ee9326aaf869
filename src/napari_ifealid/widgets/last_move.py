"""A way round vispy's loss of the last mouse move of a sweep.

vispy leaves out each move that comes within 10 ms of another. Where that is the last one, what
follows the cursor stays behind it.
"""

from __future__ import annotations

from typing import Any

from napari.viewer import Viewer
from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication, QWidget

from napari_ifealid.widgets.canvases import canvases

_PAUSE = 12  # milliseconds


class LastMove(QObject):
    """Repeats the last mouse move over the canvases of a window, if vispy has left it out.

    Parameters
    ----------
    widget : QWidget
        A widget in the window. It keeps this object alive.
    viewer : napari viewer
        The window's.
    """

    def __init__(self, widget: QWidget, viewer: Viewer) -> None:
        super().__init__(widget)
        self._viewer = viewer
        self._handled: tuple[int, ...] | None = None
        self._last: tuple[QWidget, QMouseEvent] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._repeat)
        viewer.mouse_move_callbacks.append(self._on_handled)
        for canvas in canvases(widget):
            canvas.installEventFilter(self)

    def close(self) -> None:
        """Repeat nothing any more."""
        self._timer.stop()
        self._viewer.mouse_move_callbacks.remove(self._on_handled)

    def eventFilter(self, canvas: Any, event: Any) -> bool:  # noqa: N802  # the name is Qt's
        """Wait whether a move is the last one."""
        if event.type() == QEvent.Type.MouseMove and not event.buttons():
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
        elif event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.Leave):
            self._timer.stop()
        return False

    def _on_handled(self, _viewer: Any, event: Any) -> None:
        self._handled = tuple(int(x) for x in event.pos[:2])

    def _repeat(self) -> None:
        if self._last is not None:
            canvas, event = self._last
            if (int(event.position().x()), int(event.position().y())) != self._handled:
                QApplication.sendEvent(canvas, event)
