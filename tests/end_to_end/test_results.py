"""From a map to results, by real mouse and keys in a real window."""

from __future__ import annotations

import subprocess

import numpy as np
import pandas as pd
import pytest
import tifffile
from napari.layers import Labels
from pointer import on_screen
from qtpy.QtCore import QPoint
from scipy import ndimage

from napari_ifealid.results.regions import RegionMode

COCO = "000000015746.jpg.C3.npz.8.zip"
PIXEL = (12, 14)


@pytest.fixture
def held(shared_data, open_dataset, mouse, qtbot):
    """A widget whose reference is held at a pixel that the mouse went to."""
    widget = open_dataset(shared_data / COCO)
    explorer, pointer = widget.explorer, mouse()
    pointer.move_to(explorer.map_layer.data_to_world(PIXEL))
    qtbot.waitUntil(lambda: explorer.pixel == PIXEL and explorer.is_idle)
    subprocess.run(["xdotool", "key", "h"], check=True, timeout=10)
    qtbot.waitUntil(lambda: not explorer.state.follow)
    return widget


def drag_threshold_to(widget, value: float) -> None:
    histogram = widget.result.histogram
    x = 8 + value * (histogram.width() - 16)
    start, end = (
        histogram.mapToGlobal(QPoint(round(at), histogram.height() // 3)) for at in (12, x)
    )
    for command in (
        ["mousemove", *on_screen(start), "mousedown", "1"],
        ["mousemove", *on_screen(end)],
        ["mouseup", "1"],
    ):
        subprocess.run(["xdotool", *command], check=True, timeout=10)


def labels(viewer) -> list[Labels]:
    return [layer for layer in viewer.layers if isinstance(layer, Labels)]


def test_threshold_gives_labels_and_a_table(
    held, window, press, answer_file_dialog, qtbot, tmp_path
):
    explorer, result = held.explorer, held.result
    drag_threshold_to(held, 0.5)
    qtbot.waitUntil(lambda: explorer.state.threshold == pytest.approx(0.5, abs=0.02))
    result.mode.value = RegionMode.CONNECTED
    qtbot.waitUntil(result.make.isEnabled)
    press(result.make)
    qtbot.waitUntil(lambda: len(labels(window)) == 1)
    (layer,) = labels(window)
    values, threshold = explorer.map_layer.data, np.float32(explorer.state.threshold)
    np.testing.assert_array_equal(layer.data > 0, values >= threshold)
    path = tmp_path / "regions.csv"
    answer_file_dialog(path)
    press(result.table)
    qtbot.waitUntil(path.exists, timeout=20_000)
    table = pd.read_csv(path)
    numbers, count = ndimage.label(values >= threshold, np.ones((3, 3)))
    areas = sorted(np.bincount(numbers.ravel())[1:], reverse=True)
    assert len(table) == count
    assert table["area_pixels"].tolist() == areas
    scale = np.prod(layer.scale)
    np.testing.assert_allclose(table["area_world"], np.array(areas) * scale)


def test_labels_lie_on_the_image_where_the_map_does(held, window, press, qtbot):
    explorer = held.explorer
    explorer.state.threshold = 0.5
    qtbot.waitUntil(held.result.make.isEnabled)
    press(held.result.make)
    qtbot.waitUntil(lambda: len(labels(window)) == 1)
    (layer,) = labels(window)
    step = explorer.session.grid.spacing
    for pixel in np.argwhere(layer.data)[:50]:
        off = np.asarray(layer.data_to_world(pixel)) - explorer.session.grid.place_of(pixel)
        assert (np.abs(off) < step / 2).all()


def test_map_layer_saved_by_napari_has_all_its_values(held, window, tmp_path):
    held.explorer.state.threshold = 0.5
    values = held.explorer.map_layer.data.copy()
    saved = held.explorer.map_layer.save(str(tmp_path / "map.tif"))
    np.testing.assert_array_equal(tifffile.imread(saved[0]), values)
