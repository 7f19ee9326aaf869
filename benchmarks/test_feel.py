"""A whole hover in a real window, from the mouse event to the painted map.

Beside it the same window's plain repaint: what napari takes by itself to show a layer again.
"""

from __future__ import annotations

from pathlib import Path

import napari
import numpy as np
import pytest
from napari.layers import Layer
from qtpy.QtCore import QEvent, QEventLoop, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_ifealid.formats import read_stack
from napari_ifealid.layers import layer_data
from stop_clock import StopClock

DATA = (Path(__file__).resolve().parents[1] / "../shared/data").resolve()
clock = StopClock()
CONV2_X, MEDIUM, GIGABYTE = "conv2_x of COCO", "(256, 512, 256)", "(1024, 1024, 1024)"


class Window:
    """A napari window with a stack, which tells when it is painted."""

    def __init__(self, stack) -> None:
        self.viewer = napari.Viewer()
        self.viewer.window.resize(1200, 800)
        for layer in layer_data(stack):
            self.viewer.add_layer(Layer.create(*layer))
        _, widget = self.viewer.window.add_plugin_dock_widget(
            "napari-ifealid", "Feature similarity"
        )
        self.explorer = widget.explorer
        self.canvas = next(
            widget for widget in QApplication.allWidgets() if isinstance(widget, QOpenGLWidget)
        )
        self.rng = np.random.default_rng(1)
        self.settle()
        self.hover()  # a second map decides whether there is to be a preview
        self.settle()

    def settle(self) -> None:
        while not self.explorer.is_idle:
            QApplication.processEvents()
        QTest.qWait(100)
        clock.start()

    def hover(self, pixel=None) -> None:
        """Move the mouse to a pixel, or nearly; to any other one unless given."""
        before = self.explorer.pixel
        if pixel is not None:
            self._move_to(pixel)
            return
        while self.explorer.pixel == before:
            self._move_to(self.rng.integers(self.explorer.stack.spatial_shape))

    def _move_to(self, pixel) -> None:
        camera, canvas = self.viewer.scene.camera, self.canvas
        world = np.array(self.explorer.similarity_layer.data_to_world(pixel))
        down, right = camera.zoom * (world - camera.center[-2:])
        at = QPointF(round(canvas.width() / 2 + right), round(canvas.height() / 2 + down))
        no_button, no_key = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(
            QEvent.Type.MouseMove, at, canvas.mapToGlobal(at), no_button, no_button, no_key
        )
        QApplication.sendEvent(canvas, event)

    def until_shown(self, *, exact: bool = False) -> None:
        """Wait for a map, and stop the clock when it is written."""
        loop = QEventLoop()

        def shown(_) -> None:
            if not exact or self.explorer.preview_error is None:
                clock.stop()
                loop.quit()

        self.explorer.map_shown.connect(shown)
        loop.exec()
        self.explorer.map_shown.disconnect(shown)

    def until_painted(self) -> None:
        """Wait for the next frame, and stop the clock when it is on the screen."""
        clock.start()
        loop = QEventLoop()

        def painted() -> None:
            clock.stop()
            loop.quit()

        self.canvas.frameSwapped.connect(painted)
        loop.exec()
        self.canvas.frameSwapped.disconnect(painted)


@pytest.fixture
def window(request, make_stack):
    if request.param == CONV2_X:
        if not DATA.is_dir():
            pytest.skip(f"the example datasets are not here: {DATA} is missing")
        stack = read_stack(DATA / "000000015746.jpg.C1.npz.8.zip")
    elif request.param == MEDIUM:
        stack = make_stack((256, 512, 256))
    else:
        stack = request.getfixturevalue("gigabyte")
    window = Window(stack)
    if request.param == GIGABYTE:
        wait_for_preview(window)
    yield window
    window.viewer.close()


def wait_for_preview(window) -> None:
    """Hover until a preview is shown first."""
    errors = []
    window.explorer.map_shown.connect(lambda _: errors.append(window.explorer.preview_error))
    while not any(errors):
        window.hover()
        window.settle()


ALL = pytest.mark.parametrize("window", [CONV2_X, MEDIUM, GIGABYTE], indirect=True)


@pytest.mark.benchmark(timer=clock)
@ALL
def test_hover_painted(benchmark, request, window):
    benchmark.group = f"feel, {request.node.callspec.params['window']}"

    def hover() -> None:
        window.hover()
        window.until_shown()
        window.until_painted()

    benchmark.pedantic(hover, setup=window.settle, rounds=60, warmup_rounds=3)


@pytest.mark.benchmark(timer=clock)
@ALL
def test_plain_repaint(benchmark, request, window):
    benchmark.group = f"feel, {request.node.callspec.params['window']}"

    def repaint() -> None:
        window.explorer.similarity_layer.refresh(thumbnail=False, extent=False, highlight=False)
        window.until_painted()

    benchmark.pedantic(repaint, setup=window.settle, rounds=60, warmup_rounds=3)


@pytest.mark.benchmark(timer=clock)
@ALL
def test_exact_map(benchmark, request, window):
    benchmark.group = f"feel, {request.node.callspec.params['window']}"

    def hover() -> None:
        window.hover()
        window.until_shown(exact=True)

    benchmark.pedantic(hover, setup=window.settle, rounds=20, warmup_rounds=3)


@pytest.mark.benchmark(timer=clock)
@ALL
def test_after_a_sweep(benchmark, request, window):
    """From the last of 200 moves to a map of the pixel under the cursor."""
    benchmark.group = f"feel, {request.node.callspec.params['window']}"
    height, width = window.explorer.stack.spatial_shape

    def sweep() -> None:
        window.settle()
        for number in range(200):
            window.hover((number * height // 250, number * width // 250))
            if number % 4 == 0:
                QApplication.processEvents()

    def end() -> None:
        window.hover((0.9 * height, 0.9 * width))
        window.until_shown()
        explorer = window.explorer
        assert explorer.pixel == explorer.pixel_at(window.viewer.cursor.position)

    benchmark.pedantic(end, setup=sweep, rounds=10, warmup_rounds=1)
