"""The OpenGL context in which napari deletes what a removed layer was drawn with.

Since napari 0.6.3 (https://github.com/napari/napari/pull/8122) a removed layer's buffers are
deleted at once, in whichever context is current: that of another canvas, or none, as after our own
maps on the GPU. vispy then draws with arrays that refer to buffers which are gone, and software
renderers read freed memory: the process dies. Seen with napari 0.7.0 to 0.9.2 and vispy 0.16 and
0.17 when a layer with a colour bar is removed, or a hidden one. Not reported there yet.
"""

from __future__ import annotations

from typing import Any

from napari.viewer import Viewer
from qtpy.QtCore import QObject
from qtpy.QtWidgets import QWidget

from napari_ifealid.workarounds.canvases import canvases

_NAME = "napari-ifealid removal context"


def guard_removals(viewer: Viewer, widget: QWidget) -> None:
    """Make the context of a viewer's canvas current before a layer is removed.

    It stays so as long as the canvas: the map that a closed dock leaves to the user may be removed
    later.

    Parameters
    ----------
    viewer : napari viewer
    widget : QWidget
        A widget in the viewer's window.
    """
    for canvas in canvases(widget):
        if canvas.findChild(QObject, _NAME) is None:
            viewer.layers.events.removing.connect(_RemovalContext(canvas).make_current)


class _RemovalContext(QObject):
    """Belongs to a canvas, and knows nothing else."""

    def __init__(self, canvas: Any) -> None:
        super().__init__(canvas)
        self.setObjectName(_NAME)
        self._canvas = canvas

    def make_current(self, _: Any = None) -> None:
        if self._canvas.isValid():
            self._canvas.makeCurrent()
