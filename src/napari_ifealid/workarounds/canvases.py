"""The canvases that napari draws its layers on."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QApplication, QWidget


def all_canvases() -> list[Any]:
    """Return Qt's OpenGL widgets, whose module depends on the version of Qt."""
    return [
        widget
        for widget in QApplication.allWidgets()
        if hasattr(widget, "makeCurrent") and hasattr(widget, "doneCurrent")
    ]


def canvases(widget: QWidget) -> list[Any]:
    """Return the canvases in the main window of a widget, which may be in a floating dock."""
    window = widget
    while (parent := window.parentWidget()) is not None:
        window = parent
    return [canvas for canvas in all_canvases() if window.isAncestorOf(canvas)]
