"""A way round a fault of vispy that crashes napari when a layer with a colour bar is removed.

vispy leaves the vertex arrays of what it has drawn enabled, until something is drawn that has as
many. Where they are deleted before, as with the colour bar of a layer that is removed, software
renderers read freed memory.
"""

from __future__ import annotations

from typing import Any

from napari.viewer import Viewer
from vispy.gloo import gl

from napari_ifealid.widgets.canvases import all_canvases


def guard_removals(viewer: Viewer) -> None:
    """Make it safe to remove layers from a viewer from now on, to the viewer's end."""
    viewer.layers.events.removed.connect(_disable_vertex_arrays)


def _disable_vertex_arrays(_: Any = None) -> None:
    for canvas in all_canvases():
        if canvas.isValid():
            canvas.makeCurrent()
            for number in range(gl.glGetParameter(gl.GL_MAX_VERTEX_ATTRIBS)):
                gl.glDisableVertexAttribArray(number)
            canvas.doneCurrent()
