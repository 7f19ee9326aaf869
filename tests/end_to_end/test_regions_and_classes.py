"""Regions that are drawn, pins that are not looked for, and classes, in a real window."""

from __future__ import annotations

import subprocess

import numpy as np
import pandas as pd
import pytest
from napari.layers import Labels, Shapes

from napari_ifealid.explorer import ReferenceMode
from napari_ifealid.measures import spectral_angle_similarity
from napari_ifealid.widgets.result_group import ClassMode

COCO = "000000015746.jpg.C3.npz.8.zip"


@pytest.fixture
def explored(shared_data, open_dataset, mouse):
    widget = open_dataset(shared_data / COCO)
    yield widget, widget.explorer, mouse()
    button("mouseup")  # else a test that fails would hold it down for all others


def button(action: str) -> None:
    subprocess.run(["xdotool", action, "1"], check=True, timeout=10)


def region_map(explorer, index=0) -> np.ndarray:
    """The map of the mean of a region's pixels, by the definition."""
    values = explorer.stack.real_values(explorer.stack.values)
    pixels = explorer.regions.regions_in(explorer.session)[index].pixels
    mean = values.reshape(-1, values.shape[-1])[pixels].mean(axis=0)
    return spectral_angle_similarity(values, mean)


def test_map_follows_a_rectangle_while_it_is_drawn_and_dragged(explored, window, press, qtbot):
    widget, explorer, pointer = explored
    widget.question.reference.value = ReferenceMode.BEST
    place = explorer.map_layer.data_to_world
    press(widget.question.regions.new)
    qtbot.waitUntil(lambda: isinstance(window.layers.selection.active, Shapes))
    shapes = window.layers.selection.active
    pointer.move_to(place((10, 8)))
    qtbot.wait(100)
    button("mousedown")
    sizes = []
    for corner in [(14, 11), (18, 14), (22, 17)]:
        pointer.move_to(place(corner))
        most = (corner[0] - 10 + 1) * (corner[1] - 8 + 1)  # the pointer is within its pixels
        qtbot.waitUntil(lambda most=most: 0.55 * most <= region_size(explorer) <= most)
        qtbot.waitUntil(lambda: explorer.is_idle)
        sizes.append(region_size(explorer))
        np.testing.assert_allclose(explorer.map_layer.data, region_map(explorer), atol=5e-5)
    button("mouseup")
    assert sizes == sorted(set(sizes))
    shapes.mode = "select"
    pointer.move_to(place((16, 12)))
    qtbot.wait(100)
    button("mousedown")
    before = explorer.map_layer.data.copy()
    for step in range(1, 5):
        pointer.move_to(place((16 + 2 * step, 12 + step)))
        qtbot.wait(50)
    qtbot.waitUntil(
        lambda: explorer.is_idle and not np.array_equal(explorer.map_layer.data, before)
    )
    np.testing.assert_allclose(explorer.map_layer.data, region_map(explorer), atol=5e-5)
    button("mouseup")
    assert widget.texts.reference.text().startswith("Shape 1 (")


def region_size(explorer) -> int:
    regions = explorer.regions.regions_in(explorer.session)
    return len(regions[0].pixels) if regions else 0


def test_pin_that_is_unlike_and_classes_with_a_table(
    explored, window, press, answer_file_dialog, qtbot, tmp_path
):
    widget, explorer, pointer = explored
    pixels = [(20, 13), (5, 5), (33, 20)]
    for count, pixel in enumerate(pixels, start=1):
        pointer.move_to(explorer.map_layer.data_to_world(pixel))
        qtbot.waitUntil(lambda pixel=pixel: explorer.pixel == pixel and explorer.is_idle)
        button("click")
        qtbot.waitUntil(lambda count=count: len(explorer.pinned) == count)
    subprocess.run(["xdotool", "key", "n"], check=True, timeout=10)
    qtbot.waitUntil(lambda: [pin.sign for pin in explorer.pins.pins] == [1, 1, -1])
    widget.question.reference.value = ReferenceMode.DIFFERENCE
    qtbot.waitUntil(lambda: explorer.is_idle)
    values = explorer.stack.real_values(explorer.stack.values)
    maps = [spectral_angle_similarity(values, values[pixel]) for pixel in pixels]
    difference = 0.5 + (np.maximum(*maps[:2]) - maps[2]) / 2
    np.testing.assert_allclose(explorer.map_layer.data, difference, atol=5e-5)
    result = widget.result
    result.mode.value = ClassMode.CLASSES
    press(result.make)
    qtbot.waitUntil(lambda: result.classes.classes is not None)
    (layer,) = (one for one in window.layers if isinstance(one, Labels))
    explorer.state.threshold = 0.6
    expected = np.where(np.maximum(*maps[:2]) >= 0.6, np.argmax(maps[:2], axis=0) + 1, 0)
    np.testing.assert_array_equal(layer.data, expected)
    path = tmp_path / "classes.csv"
    answer_file_dialog(path)
    press(result.table)
    qtbot.waitUntil(path.exists, timeout=20_000)
    table = pd.read_csv(path)
    assert table["name"].tolist() == ["unclassified", "pin 20, 13", "pin 5, 5"]
    assert table["area_pixels"].tolist() == [int((expected == label).sum()) for label in range(3)]
