from __future__ import annotations

import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton

from napari_ifealid.explorer import Explorer
from napari_ifealid.widgets.chart_binding import Order
from napari_ifealid.widgets.chart_panel import ChartPanel
from napari_ifealid.widgets.qt_scheduler import QtScheduler


@pytest.fixture
def panel(qapp, add_stack, stack, qtbot):
    """The panel alone: a window of napari's takes a second."""
    viewer = ViewerModel()
    add_stack(viewer, stack)
    explorer = Explorer(viewer, QtScheduler())
    panel = ChartPanel(explorer)
    qtbot.addWidget(panel)
    panel.resize(1280, 200)
    panel.show()
    qtbot.waitUntil(lambda: explorer.is_idle and bool(panel.chart.curves))
    yield panel
    panel.close()
    explorer.close()


@pytest.fixture
def docked_panel(make_napari_viewer, add_stack, stack, qtbot):
    """The panel in a window, with its looks."""
    viewer = make_napari_viewer(show=True)
    add_stack(viewer, stack)
    explorer = Explorer(viewer, QtScheduler())
    panel = ChartPanel(explorer)
    viewer.window.resize(1280, 720)
    viewer.window.add_dock_widget(panel, area="bottom")
    qtbot.waitUntil(lambda: explorer.is_idle and bool(panel.chart.curves))
    yield panel
    panel.close()
    explorer.close()


def x_range(panel) -> list[float]:
    return panel.chart.plot.getPlotItem().getViewBox().viewRange()[0]


def zoom(panel) -> None:
    panel.chart.plot.getPlotItem().getViewBox().setXRange(2, 4, padding=0)


def test_list_is_beside_the_chart_only_while_it_is_by_relevance(panel):
    assert not panel.relevance.isVisible()
    panel.order.value = Order.RELEVANCE
    assert panel.relevance.isVisible()
    assert panel.relevance.x() >= panel.chart.geometry().right()
    panel.order.value = Order.NUMBER
    assert not panel.relevance.isVisible()


def test_choosing_relevance_resets_the_view(panel):
    zoom(panel)
    panel.order.value = Order.RELEVANCE
    assert x_range(panel) == [-0.5, 8.5]


def test_button_resets_the_view(panel, qtbot):
    zoom(panel)
    qtbot.mouseClick(panel.reset_button, Qt.MouseButton.LeftButton)
    assert x_range(panel) == [-0.5, 8.5]


def test_click_in_the_list_keeps_a_feature_until_the_next(panel, qtbot):
    explorer = panel.explorer
    explorer.toggle_pin_at((1, 2))
    explorer.show_pixel((4, 4))
    panel.order.value = Order.RELEVANCE
    qtbot.waitUntil(lambda: panel.relevance.count() == 9)
    most = int(panel.relevance.item(0).text().split()[1])
    place = panel.relevance.visualItemRect(panel.relevance.item(0)).center()
    qtbot.mouseClick(panel.relevance.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert explorer.state.feature == most
    assert panel.relevance.selectedItems() == [panel.relevance.item(0)]
    qtbot.mouseClick(panel.relevance.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert explorer.state.feature is None
    assert panel.relevance.selectedItems() == []


def test_usable_in_a_low_dock(docked_panel, qtbot):
    assert docked_panel.minimumSizeHint().height() <= 160
    assert docked_panel.minimumSizeHint().width() <= 640
    for n in range(6):
        docked_panel.explorer.toggle_pin_at((n, n % 5))
    assert docked_panel.minimumSizeHint().height() <= 160
    assert docked_panel.minimumSizeHint().width() <= 640


def test_each_control_can_be_reached_by_key_and_has_a_tooltip(panel):
    controls = [*panel.order.findChildren(QPushButton), panel.reset_button, panel.export_button]
    assert all(control.focusPolicy() & Qt.FocusPolicy.TabFocus for control in controls)
    assert all(control.toolTip() for control in controls)


def test_closed_panel_draws_no_more(panel, qtbot):
    before = panel.chart.curves
    panel.close()
    panel.explorer.toggle_pin_at((1, 2))
    panel.explorer.show_pixel((4, 4))
    qtbot.wait(100)
    assert [name for name, _ in panel.chart.curves] == [name for name, _ in before]


def test_legend_is_beside_the_plot_and_whole(docked_panel, qtbot):
    docked_panel.explorer.toggle_pin_at((1, 2))
    qtbot.waitUntil(lambda: bool(docked_panel.chart.legend.findChildren(QPushButton)))
    (entry,) = docked_panel.chart.legend.findChildren(QPushButton)
    qtbot.waitUntil(lambda: entry.visibleRegion().boundingRect() == entry.rect())
    assert entry.height() >= entry.sizeHint().height()
    assert docked_panel.chart.legend.geometry().bottom() < docked_panel.chart.y()
