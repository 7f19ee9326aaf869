"""The chart's dock, by a real mouse in a real window."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from pointer import on_screen
from qtpy.QtCore import QPoint, QPointF

from napari_ifealid.explorer import Explorer
from napari_ifealid.widgets.chart_panel import ChartPanel
from napari_ifealid.widgets.qt_scheduler import QtScheduler


@pytest.fixture
def panel(window, add_stack, stack, qtbot):
    add_stack(window, stack)
    explorer = Explorer(window, QtScheduler())
    panel = ChartPanel(explorer)
    window.window.add_dock_widget(panel, area="bottom")
    qtbot.waitUntil(lambda: explorer.is_idle and bool(panel.chart.curves))
    qtbot.wait(200)
    yield panel
    panel.close()
    explorer.close()


def xdotool(*command: str) -> None:
    subprocess.run(["xdotool", *command], check=True, timeout=10)


def move_to(panel, feature: float) -> None:
    """Move the pointer over a feature, in the middle of the plot."""
    plot = panel.chart.plot
    view = plot.getPlotItem().getViewBox()
    low, high = view.viewRange()[1]
    place = plot.mapFromScene(view.mapViewToScene(QPointF(feature, (low + high) / 2)))
    place = plot.viewport().mapToGlobal(QPoint(place))
    xdotool("mousemove", *on_screen(place))


def test_drag_over_features_shows_their_mean_until_a_click(panel, stack, qtbot):
    explorer = panel.explorer
    move_to(panel, 2.0)
    qtbot.waitUntil(lambda: explorer.map_layer.name == "feature 2")
    xdotool("mousedown", "1")
    for feature in np.linspace(2.0, 5.0, 7):
        move_to(panel, feature)
        qtbot.wait(30)
    xdotool("mouseup", "1")
    qtbot.waitUntil(lambda: explorer.map_layer.name == "mean of features 2 to 5")
    qtbot.waitUntil(lambda: explorer.is_idle)
    mean = stack.values[..., 2:6].mean(axis=-1)
    np.testing.assert_allclose(explorer.map_layer.data, mean, rtol=1e-6)
    move_to(panel, 7.0)
    qtbot.wait(100)
    assert explorer.map_layer.name == "mean of features 2 to 5"
    xdotool("click", "1")
    qtbot.waitUntil(lambda: not explorer.map_layer.name.startswith("mean"))
    assert explorer.state.feature is None


def test_wheel_zooms_the_features(panel, qtbot):
    view = panel.chart.plot.getPlotItem().getViewBox()
    move_to(panel, 4.0)
    values = view.viewRange()[1][0]
    xdotool("click", "4")
    qtbot.waitUntil(lambda: np.ptp(view.viewRange()[0]) < 9)
    assert view.viewRange()[1][0] == values
