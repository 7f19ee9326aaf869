"""Where the pointer of the X server is moved to."""

from __future__ import annotations

from qtpy.QtCore import QPoint
from qtpy.QtGui import QGuiApplication


def on_screen(place: QPoint) -> list[str]:
    """Return the column and row, in pixels of the screen, of a place in Qt's scaled ones."""
    screen = QGuiApplication.primaryScreen()
    ratio = screen.devicePixelRatio()
    return [str(round(place.x() * ratio)), str(round(place.y() * ratio))]
