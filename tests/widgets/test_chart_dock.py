from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_ifealid.widgets.chart_panel import ChartPanel


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer(show=True)


@pytest.fixture
def widget(viewer, qtbot):
    _, widget = viewer.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    qtbot.waitUntil(lambda: widget.explorer.is_idle)
    return widget


def charts(viewer) -> list[ChartPanel]:
    docks = viewer.window.dock_widgets.values()
    return [dock for dock in docks if isinstance(dock, ChartPanel)]


def test_chart_is_docked_with_the_first_stack(widget, viewer, add_stack, stack, qtbot):
    assert charts(viewer) == []
    add_stack(viewer, stack)
    qtbot.waitUntil(lambda: len(charts(viewer)) == 1)
    qtbot.waitUntil(lambda: widget.chart_dock.panel.isVisible())


def test_chart_leaves_the_height_to_the_picture(widget, viewer, add_stack, stack, qtbot):
    viewer.window.resize(1200, 900)
    add_stack(viewer, stack)
    qtbot.waitUntil(lambda: widget.chart_dock.panel.isVisible())
    qtbot.waitUntil(lambda: 0 < widget.chart_dock.panel.height() < 260)


def test_controls_have_the_whole_height_while_the_chart_is_there(viewer, add_stack, stack, qtbot):
    add_stack(viewer, stack)
    _, widget = viewer.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    qtbot.waitUntil(lambda: len(charts(viewer)) == 1 and widget.explorer.is_idle)
    main, corner = widget.window(), Qt.Corner.BottomRightCorner
    assert main.corner(corner) == Qt.DockWidgetArea.RightDockWidgetArea
    chart = widget.chart_dock.panel
    bottoms = [one.mapTo(main, one.rect().bottomLeft()).y() for one in (widget, chart)]
    assert bottoms[0] >= bottoms[1] - 10
    viewer.window.remove_dock_widget(widget)
    assert main.corner(corner) == Qt.DockWidgetArea.BottomDockWidgetArea


def test_closing_the_panel_takes_the_chart_away(viewer, add_stack, stack, qtbot):
    add_stack(viewer, stack)
    _, widget = viewer.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    qtbot.waitUntil(lambda: len(charts(viewer)) == 1 and widget.explorer.is_idle)
    widget.explorer.show_pixel((3, 3))
    viewer.window.remove_dock_widget(widget)
    assert charts(viewer) == []
    qtbot.wait(100)
    assert charts(viewer) == []


def test_chart_that_the_user_closed_stays_closed(widget, viewer, add_stack, stack, qtbot):
    add_stack(viewer, stack)
    qtbot.waitUntil(lambda: len(charts(viewer)) == 1)
    viewer.window.remove_dock_widget(charts(viewer)[0])
    add_stack(viewer, stack)
    qtbot.waitUntil(lambda: widget.explorer.is_idle)
    assert charts(viewer) == []


def test_chart_in_a_closed_dock_is_drawn_once_it_is_shown(widget, viewer, add_stack, stack, qtbot):
    add_stack(viewer, stack)
    chart, explorer = widget.chart_dock.panel.chart, widget.explorer
    qtbot.waitUntil(chart.isVisible)
    qtbot.waitUntil(lambda: len(chart.curves) == 1)
    explorer.show_pixel((1, 2))
    qtbot.waitUntil(lambda: np.array_equal(dict(chart.curves)["cursor"], stack.vector((1, 2))))
    widget.chart_dock.panel.parentWidget().close()
    explorer.show_pixel((3, 4))
    qtbot.wait(200)
    np.testing.assert_array_equal(dict(chart.curves)["cursor"], stack.vector((1, 2)))
    widget.advanced.chart_button.click()
    qtbot.waitUntil(lambda: np.array_equal(dict(chart.curves)["cursor"], stack.vector((3, 4))))


def test_chart_that_the_user_closed_is_shown_again_on_request(
    widget, viewer, add_stack, stack, qtbot
):
    add_stack(viewer, stack)
    qtbot.waitUntil(lambda: len(charts(viewer)) == 1)
    viewer.window.remove_dock_widget(charts(viewer)[0])
    widget.advanced.chart_button.click()
    qtbot.waitUntil(lambda: len(charts(viewer)) == 1 and widget.chart_dock.panel.isVisible())
    qtbot.waitUntil(lambda: len(widget.chart_dock.panel.chart.curves) == 1)
    widget.advanced.chart_button.click()
    assert len(charts(viewer)) == 1
