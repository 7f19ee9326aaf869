"""Pins and the chart, by real mouse and keys in a real window."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from pointer import on_screen
from qtpy.QtCore import QPoint, QPointF, Qt

from napari_ifealid.explorer import ReferenceMode
from napari_ifealid.measures import SPECTRAL_ANGLE, spectral_angle_similarity
from napari_ifealid.widgets.chart_binding import Order

COCO = "000000015746.jpg.C1.npz.8.zip"


@pytest.fixture
def explored(shared_data, open_dataset, mouse):
    widget = open_dataset(shared_data / COCO)
    return widget, widget.explorer, mouse()


def pinned(explorer) -> list[tuple[int, ...]]:
    return [pixel for pixel, _ in explorer.pinned]


def click(qtbot, pointer, explorer, pixel):
    layer = explorer.map_layer
    pointer.move_to(layer.data_to_world(pixel))
    qtbot.waitUntil(lambda: explorer.pixel == pixel and explorer.is_idle)
    subprocess.run(["xdotool", "click", "1"], check=True, timeout=10)


def test_click_pins_a_pixel_and_a_click_on_the_pin_removes_it(window, explored, qtbot):
    _, explorer, pointer = explored
    click(qtbot, pointer, explorer, (80, 50))
    qtbot.waitUntil(lambda: pinned(explorer) == [(80, 50)])
    assert "references" in window.layers
    click(qtbot, pointer, explorer, (30, 60))
    qtbot.waitUntil(lambda: pinned(explorer) == [(80, 50), (30, 60)])
    click(qtbot, pointer, explorer, (80, 50))
    qtbot.waitUntil(lambda: pinned(explorer) == [(30, 60)])


def test_drag_moves_the_picture_and_pins_nothing(explored, qtbot):
    _, explorer, pointer = explored
    pointer.move_to(explorer.map_layer.data_to_world((80, 50)))
    subprocess.run(["xdotool", "mousedown", "1"], check=True, timeout=10)
    for step in range(1, 6):
        pointer.move_to(explorer.map_layer.data_to_world((80 + 2 * step, 50)))
        qtbot.wait(30)
    subprocess.run(["xdotool", "mouseup", "1"], check=True, timeout=10)
    qtbot.wait(200)
    assert pinned(explorer) == []


def test_arrow_keys_move_the_held_reference(explored, qtbot):
    _, explorer, pointer = explored
    click(qtbot, pointer, explorer, (80, 50))
    pointer.canvas.setFocus()
    qtbot.keyClick(pointer.canvas, "h")
    before = explorer.pixel
    qtbot.keyClick(pointer.canvas, Qt.Key.Key_Down)
    qtbot.keyClick(pointer.canvas, Qt.Key.Key_Right)
    assert explorer.pixel == (before[0] + 1, before[1] + 1)
    qtbot.keyClick(pointer.canvas, Qt.Key.Key_Escape)
    assert explorer.state.follow
    qtbot.keyClick(pointer.canvas, "u")
    assert pinned(explorer) == []


def test_pointer_over_the_chart_shows_single_features(shared_data, window, explored, qtbot):
    widget, explorer, pointer = explored
    results = np.load(shared_data / "000000015746.jpg.C1.expected.npz")
    plot = widget.chart_dock.panel.chart.plot
    view = plot.getPlotItem().getViewBox()
    for feature, image in zip(results["feature_indices"], results["feature_images"], strict=True):
        place = plot.mapFromScene(view.mapViewToScene(QPointF(float(feature), 0.01)))
        widget_place = plot.viewport().mapToGlobal(QPoint(round(place.x()), round(place.y())))
        subprocess.run(
            ["xdotool", "mousemove", *on_screen(widget_place)],
            check=True,
            timeout=10,
        )
        # a feature is about a screen pixel wide
        near = {f"feature {feature + step}" for step in (-1, 0, 1)}
        qtbot.waitUntil(lambda near=near: explorer.map_layer.name in near)
        widget.chart_dock.panel.chart.feature_hovered.emit(int(feature))
        name = f"feature {feature}"
        qtbot.waitUntil(lambda name=name: explorer.map_layer.name == name)
        np.testing.assert_allclose(explorer.map_layer.data, image, atol=1e-6)
    pointer.move_to(explorer.map_layer.data_to_world((80, 50)))
    qtbot.waitUntil(lambda: explorer.map_layer.name == "similarity")


def test_pins_are_the_reference(explored, qtbot):
    widget, explorer, pointer = explored
    for pixel in [(80, 50), (30, 60)]:
        click(qtbot, pointer, explorer, pixel)
        qtbot.waitUntil(lambda pixel=pixel: pixel in pinned(explorer))
    vectors = explorer.stack.real_values(explorer.stack.values)
    references = [explorer.stack.vector(pixel) for pixel in pinned(explorer)]
    maps = [spectral_angle_similarity(vectors, vector) for vector in references]
    widget.question.reference.value = ReferenceMode.BEST
    qtbot.waitUntil(lambda: explorer.is_idle)
    layer = explorer.map_layer
    np.testing.assert_allclose(layer.data, np.maximum(*maps), atol=5e-5)
    widget.question.reference.value = ReferenceMode.MEAN
    qtbot.waitUntil(lambda: explorer.is_idle)
    mean = spectral_angle_similarity(vectors, np.mean(references, axis=0))
    np.testing.assert_allclose(layer.data, mean, atol=5e-5)
    before = layer.data.copy()
    pointer.move_to(layer.data_to_world((100, 20)))
    qtbot.waitUntil(lambda: explorer.pixel == (100, 20))
    np.testing.assert_array_equal(layer.data, before)


def test_features_by_relevance(explored, qtbot):
    widget, explorer, pointer = explored
    click(qtbot, pointer, explorer, (80, 50))
    qtbot.waitUntil(lambda: pinned(explorer) == [(80, 50)])
    widget.chart_dock.panel.order.value = Order.RELEVANCE
    pointer.move_to(explorer.map_layer.data_to_world((100, 48)))
    axis = widget.chart_dock.panel.chart.plot.getPlotItem().getAxis("bottom")
    contributions = SPECTRAL_ANGLE.contributions(
        explorer.stack.vector((100, 48)), explorer.stack.vector((80, 50))
    )
    most = [str(feature) for feature in np.argsort(-contributions, kind="stable")[:5]]
    qtbot.waitUntil(lambda: list(axis.tickStrings(range(5), 1, 1)) == most)
