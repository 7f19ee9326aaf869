"""What to do first, told until it is done."""

from __future__ import annotations

from contextlib import suppress

from qtpy.QtWidgets import QWidget

from napari_ifealid.explorer import FOLLOW_KEY, Explorer
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.widgets.canvas_hint import CanvasHint
from napari_ifealid.workarounds.canvases import canvases

TEXT = f"Move the mouse: bright is similar. Click to pin. {FOLLOW_KEY} holds."


class FirstHover:
    """Shows a line over the picture from the first stack until the first hover.

    Parameters
    ----------
    explorer : Explorer
    widget : QWidget
        In the window whose picture it is.
    """

    def __init__(self, explorer: Explorer, widget: QWidget) -> None:
        self._explorer = explorer
        self._canvases = canvases(widget)
        self._hint: CanvasHint | None = None
        self._connections = Connections()
        self._connections.connect(explorer.stack_changed, self._show)
        self._connections.connect(explorer.cursor.moved, self._end)
        self._show()

    def close(self) -> None:
        """Take the line away."""
        self._connections.close()
        if self._hint is not None:
            with suppress(RuntimeError):  # Qt has deleted it with the canvas
                self._hint.deleteLater()

    def _show(self) -> None:
        if self._hint is None and self._canvases and self._explorer.stack is not None:
            self._hint = CanvasHint(TEXT, self._canvases[0])

    def _end(self) -> None:
        if self._hint is not None and self._explorer.cursor.is_under_mouse:
            self._connections.close()
            self._hint.fade()
