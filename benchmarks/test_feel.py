"""A whole hover in a real window, from the mouse event to the painted map.

Beside it, in the same window and in turn with it, what napari takes by itself: a plain repaint of
the layer, and a mouse move and a repaint while the plugin does not follow.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter

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
REPAINT, MOVE = "a plain repaint", "napari's own mouse move and repaint"
ROUNDS, WARM_UP = 150, 3


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
        """Wait until nothing is left to do."""
        while not self.explorer.is_idle:
            QApplication.processEvents()
        QTest.qWait(60)
        clock.start()

    def hover(self) -> None:
        """Move the mouse to any other pixel."""
        before = self.explorer.pixel
        self.move_to(self._any_pixel())
        while self.explorer.pixel == before:
            self.settle()
            self.move_to(self._any_pixel())

    def move(self) -> None:
        """Move the mouse to any pixel."""
        self.move_to(self._any_pixel())

    def move_to(self, pixel) -> None:
        """Move the mouse to a pixel, or nearly."""
        camera, canvas = self.viewer.scene.camera, self.canvas
        world = np.array(self.explorer.map_layer.data_to_world(pixel))
        down, right = camera.zoom * (world - camera.center[-2:])
        at = QPointF(round(canvas.width() / 2 + right), round(canvas.height() / 2 + down))
        no_button, no_key = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(
            QEvent.Type.MouseMove, at, canvas.mapToGlobal(at), no_button, no_button, no_key
        )
        QApplication.sendEvent(canvas, event)

    def repaint(self) -> None:
        """Have napari draw the layer again."""
        self.explorer.map_layer.refresh(thumbnail=False, extent=False, highlight=False)

    def until_shown(self, begin: Callable[[], None], *, exact: bool = False) -> None:
        """Begin something and wait for its map; stop the clock when it is written."""
        loop = QEventLoop()

        def shown() -> None:
            if not exact or self.explorer.session.shown.error is None:
                clock.stop()
                loop.quit()

        self.explorer.map_changed.connect(shown)
        begin()
        loop.exec()
        self.explorer.map_changed.disconnect(shown)

    def until_painted(self, begin: Callable[[], None], *, map_first: bool = False) -> None:
        """Begin something and wait for its frame; stop the clock when that is on the screen.

        With ``map_first``, frames before the map do not count.
        """
        loop = QEventLoop()
        is_written = not map_first

        def shown() -> None:
            nonlocal is_written
            is_written = True

        def painted() -> None:
            if is_written:
                clock.stop()
                loop.quit()

        self.explorer.map_changed.connect(shown)
        self.canvas.frameSwapped.connect(painted)
        begin()
        loop.exec()
        self.canvas.frameSwapped.disconnect(painted)
        self.explorer.map_changed.disconnect(shown)

    def seconds_until_painted(self, begin: Callable[[], None]) -> float:
        """Return how long something that napari does by itself takes."""
        self.settle()
        start = perf_counter()
        self.until_painted(begin)
        return clock() - start

    def _any_pixel(self):
        # not at the edge, where rounding to the screen may leave the map
        return self.rng.integers(2, np.array(self.explorer.stack.spatial_shape) - 2)


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
    explorer = window.explorer
    explorer.map_changed.connect(lambda: errors.append(explorer.session.shown.error))
    while not any(errors):
        window.hover()
        window.settle()


ALL = pytest.mark.parametrize("window", [CONV2_X, MEDIUM, GIGABYTE], indirect=True)


@pytest.mark.benchmark(timer=clock)
@ALL
def test_hover_painted(benchmark, request, window):
    benchmark.group = f"feel, {request.node.callspec.params['window']}"
    state = window.explorer.state
    rng = np.random.default_rng(0)
    repaints: list[float] = []
    moves: list[float] = []

    def move_and_repaint() -> None:
        window.move()
        window.repaint()

    def measure_repaint() -> None:
        repaints.append(window.seconds_until_painted(window.repaint))

    def measure_move() -> None:
        state.follow = False
        window.settle()
        moves.append(window.seconds_until_painted(move_and_repaint))
        state.follow = True

    def hover() -> None:
        window.until_painted(window.hover, map_first=True)

    def measure_napari() -> None:
        # in any order, since what is done before changes what it takes by milliseconds
        for measure in rng.permuted([hover, measure_repaint, measure_move]):
            window.settle()
            measure()
        window.settle()

    benchmark.pedantic(hover, setup=measure_napari, rounds=ROUNDS, warmup_rounds=WARM_UP)
    hovers = np.array(benchmark.stats.stats.data)
    for name, own in ((REPAINT, repaints), (MOVE, moves)):
        own = np.array(own[WARM_UP:])
        benchmark.extra_info |= {
            f"{name}, ms": 1000 * np.median(own),
            f"more than {name}, ms": 1000 * np.median(hovers - own),
        }


@pytest.mark.benchmark(timer=clock)
@ALL
def test_exact_map(benchmark, request, window):
    benchmark.group = f"feel, {request.node.callspec.params['window']}"

    def hover() -> None:
        window.until_shown(window.hover, exact=True)

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
            window.move_to((number * height // 250, number * width // 250))
            if number % 4 == 0:
                QApplication.processEvents()
        clock.start()

    def end() -> None:
        window.until_shown(lambda: window.move_to((0.9 * height, 0.9 * width)))
        explorer = window.explorer
        assert explorer.pixel == explorer.session.grid.pixel_at(window.viewer.cursor.position)

    benchmark.pedantic(end, setup=sweep, rounds=10, warmup_rounds=1)
