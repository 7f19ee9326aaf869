"""From a mouse move to the written layer, in a real window that paints each map.

With stretching the layer's colour limits are set as well, and with them napari's sliders and
colour bar, before the window is painted.
"""

from __future__ import annotations

import time

import napari
import numpy as np
import pytest
from napari.layers import Layer
from qtpy.QtCore import QEventLoop
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_ifealid.engines import EngineChoice
from napari_ifealid.explorer import ColourRange
from napari_ifealid.layers import layer_data
from stop_clock import StopClock


class Move:
    """What napari hands to its mouse callbacks."""

    pos = (0, 0)


clock = StopClock()


@pytest.fixture
def viewer():
    viewer = napari.Viewer()
    yield viewer
    viewer.close()


@pytest.mark.benchmark(timer=clock)
@pytest.mark.parametrize("engine", [EngineChoice.CPU, EngineChoice.GPU], ids=lambda e: e.value)
@pytest.mark.parametrize("stretch", [False, True], ids=["written", "written-and-stretched"])
@pytest.mark.parametrize("shape", [(160, 106, 256), (40, 26, 1024)], ids=str)
def test_mouse_move_to_written_layer(benchmark, viewer, make_stack, shape, stretch, engine):
    for layer in layer_data(make_stack(shape)):
        viewer.add_layer(Layer.create(*layer))
    _, widget = viewer.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    explorer = widget.explorer
    explorer.state.engine = engine
    explorer.state.colour_range = ColourRange.EACH_MAP if stretch else ColourRange.ALL

    def settle() -> None:
        while not explorer.is_idle:
            QApplication.processEvents()

    settle()
    rng = np.random.default_rng(1)
    loop = QEventLoop()
    explorer.map_changed.connect(lambda: (clock.stop(), loop.quit()))

    def leave_and_paint() -> tuple[tuple[Move], dict[str, object]]:
        for _ in range(3):  # paint: in a sweep the next move waits when the window is painted
            QApplication.processEvents()
        clock.start()
        move = Move()
        pixel = rng.integers((0, 0), shape[:2])
        while tuple(pixel) == explorer.pixel:
            pixel = rng.integers((0, 0), shape[:2])
        move.position = (0, *explorer.map_layer.data_to_world(pixel))
        return (move,), {}

    def hover(move: Move) -> None:
        for callback in viewer.mouse_move_callbacks:
            callback(viewer, move)
        loop.exec()

    benchmark.pedantic(hover, setup=leave_and_paint, rounds=200, warmup_rounds=5)
    assert explorer.map_layer.data[explorer.pixel] == 1.0
    assert widget.texts.engine.text().startswith(f"Runs on {engine.value}")


@pytest.mark.benchmark(timer=time.process_time)
@pytest.mark.parametrize("chart", [False, True], ids=["without-chart", "with-chart"])
@pytest.mark.parametrize("shape", [(40, 26, 1024), (160, 106, 256)], ids=str)
def test_processor_time_of_a_hover_with_all_painting(benchmark, viewer, make_stack, shape, chart):
    benchmark.group = f"hover and paint {shape}"
    for layer in layer_data(make_stack(shape)):
        viewer.add_layer(Layer.create(*layer))
    _, widget = viewer.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    widget.chart_dock.panel.chart.setVisible(chart)
    explorer = widget.explorer
    rng = np.random.default_rng(1)

    def hover() -> None:
        move = Move()
        pixel = rng.integers((0, 0), shape[:2])
        move.position = (0, *explorer.map_layer.data_to_world(pixel))
        for callback in viewer.mouse_move_callbacks:
            callback(viewer, move)
        QTest.qWait(40)  # map, canvas and chart are drawn, and the rest of the time is idle

    while not explorer.is_idle:
        QApplication.processEvents()
    benchmark.pedantic(hover, rounds=100, warmup_rounds=5)
    assert widget.chart_dock.panel.chart.isVisible() is chart
