"""A window of napari with the panel in it, and a mouse that waits for what is drawn."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import napari
import numpy as np
from napari.layers import Image, Layer
from qtpy.QtCore import QEvent, QEventLoop, QPointF, Qt, QThreadPool, QTimer
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.shown_region import shown_region
from napari_ifealid.explorer.viewer_parts import camera
from napari_ifealid.grid import Pixel
from napari_ifealid.workarounds.canvases import canvases

PATIENCE = 180.0  # seconds, until what does not end has hung
_PAUSE = 60  # milliseconds, in which texts, the chart and the status bar follow the map


class HungError(RuntimeError):
    """Something did not end."""


class Window:
    """A viewer with the dock widget, driven as a user does.

    Parameters
    ----------
    seed : int
        Of the places that are hovered.

    Attributes
    ----------
    stacks : list of napari Image layer
        Those that are explored in turn, once they are opened.
    """

    def __init__(self, seed: int = 0) -> None:
        self.stacks: list[Image] = []
        self.viewer = napari.Viewer()
        self.viewer.window.resize(1200, 800)
        _, self.panel = self.viewer.window.add_plugin_dock_widget(
            "napari-ifealid", "Feature similarity"
        )
        self.rng = np.random.default_rng(seed)
        QTest.qWait(_PAUSE)
        (self.canvas,) = canvases(self.panel)

    @property
    def explorer(self) -> Explorer:
        """What the panel shows."""
        return self.panel.explorer

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        """Let the window work until something is the case.

        Raises
        ------
        HungError
            If it takes longer than three minutes; it says what was waited for.
        """
        end = perf_counter() + PATIENCE
        while not condition():
            QTest.qWait(1)
            if perf_counter() > end:
                raise HungError(f"{what} did not come within {PATIENCE:g} s")

    def settle(self) -> None:
        """Wait until nothing is left to do, in the window and in the workers."""
        workers = QThreadPool.globalInstance()
        self.wait_for(
            lambda: self.explorer.is_idle and not workers.activeThreadCount(), "a window at rest"
        )
        QTest.qWait(_PAUSE)

    def explore(self, layer: Image) -> None:
        """Choose a stack, select it in the list of layers, and wait for its map."""
        self.explorer.state.layer = layer
        # napari 0.9.2 keeps memory with each move of the mouse while no layer is selected
        self.viewer.layers.selection.active = layer
        self.wait_for(lambda: self.explorer.map_layer is not None, f"the map of {layer.name}")
        self.settle()

    def new_layers(self, act: Callable[[], Any]) -> list[Layer]:
        """Do something, wait, and return the layers that it has added."""
        before = list(self.viewer.layers)
        act()
        self.settle()
        return [layer for layer in self.viewer.layers if layer not in before]

    def remove(self, layers: list[Layer]) -> None:
        """Remove those of some layers that are still there."""
        for layer in layers:
            if layer in self.viewer.layers:
                self.viewer.layers.remove(layer)
        self.settle()

    def any_pixel(self) -> Pixel:
        """Return any pixel of the explored stack in the slice that is shown.

        It is not near the edge, where the image may reach beyond the stack.
        """
        region = shown_region(self.viewer.dims, self.explorer.session.grid)
        at = [part.start for part in region[:-2]]
        for part in region[-2:]:
            margin = (part.stop - part.start) // 8
            at.append(int(self.rng.integers(part.start + margin, part.stop - margin)))
        return tuple(at)

    def move_to(self, pixel: Pixel) -> None:
        """Move the mouse to a pixel of the map that is shown."""
        world = np.array(self.explorer.map_layer.data_to_world(pixel))[-2:]
        centre = np.array(self.viewer.scene.camera.center[-2:])
        down, right = camera(self.viewer).zoom * (world - centre)
        canvas = self.canvas
        at = QPointF(round(canvas.width() / 2 + right), round(canvas.height() / 2 + down))
        no_button, no_key = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
        place = canvas.mapToGlobal(at)
        event = QMouseEvent(QEvent.Type.MouseMove, at, place, no_button, no_button, no_key)
        QApplication.sendEvent(canvas, event)

    def sweep(self, count: int) -> None:
        """Move the mouse so many times without waiting for each map, then wait."""
        for _ in range(count):
            self.move_to(self.any_pixel())
            QApplication.processEvents()
        self.settle()

    def seconds_of_a_hover(self) -> float:
        """Move the mouse, and return the seconds until the map is on the screen."""
        start = perf_counter()
        self._until_painted(self._hover, map_first=True)
        return perf_counter() - start

    def seconds_of_a_repaint(self) -> float:
        """Have napari draw the map again, and return the seconds that it takes by itself."""
        layer = self.explorer.map_layer
        start = perf_counter()
        self._until_painted(lambda: layer.refresh(thumbnail=False, extent=False, highlight=False))
        return perf_counter() - start

    def close(self) -> None:
        """Close it."""
        self.viewer.close()

    def _hover(self) -> None:
        before = self.explorer.pixel
        for _ in range(20):  # two places may be one pixel
            self.move_to(self.any_pixel())
            if self.explorer.pixel != before:
                return
        raise HungError(f"no move of the mouse left the pixel {before}")

    def _until_painted(self, begin: Callable[[], None], *, map_first: bool = False) -> None:
        loop = QEventLoop()
        is_written = not map_first

        def shown() -> None:
            nonlocal is_written
            is_written = True

        def painted() -> None:
            if is_written:
                loop.exit(0)

        patience = QTimer()
        patience.setSingleShot(True)
        patience.timeout.connect(lambda: loop.exit(1))
        patience.start(int(1000 * PATIENCE))
        self.explorer.map_changed.connect(shown)
        self.canvas.frameSwapped.connect(painted)
        try:
            begin()
            if loop.exec():
                raise HungError(f"a painted map did not come within {PATIENCE:g} s")
        finally:
            patience.stop()
            self.canvas.frameSwapped.disconnect(painted)
            self.explorer.map_changed.disconnect(shown)
