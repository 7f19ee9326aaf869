"""Saving datasets with the mouse in a real window."""

from __future__ import annotations

from threading import Event

import numpy as np
from qtpy.QtWidgets import (
    QApplication,
    QMainWindow,
)

from napari_ifealid import FeatureStack, read_stack, write_stack
from napari_ifealid.formats import restored
from napari_ifealid.widgets.save_dialog import SaveDialog

COCO = "000000015746.jpg.C1.npz.8.zip"


def shown_dialog(qtbot, press, widget) -> SaveDialog:
    press(widget.advanced.save_button)
    qtbot.waitUntil(lambda: widget.findChild(SaveDialog) is not None)
    dialog = widget.findChild(SaveDialog)
    qtbot.waitUntil(dialog.isVisible)
    qtbot.wait(200)
    return dialog


def save_selected_layers() -> None:
    (window,) = (w for w in QApplication.topLevelWidgets() if isinstance(w, QMainWindow))
    texts = {
        action.text().replace("&", ""): action
        for menu in window.menuBar().actions()
        for action in menu.menu().actions()
    }
    texts["Save Selected Layers..."].trigger()


def test_dataset_saved_with_the_button_opens_again(
    shared_data, open_dataset, answer_file_dialog, press, qtbot, tmp_path
):
    widget = open_dataset(shared_data / COCO)
    dialog = shown_dialog(qtbot, press, widget)
    path = tmp_path / "saved.zip"
    answer_file_dialog(path)
    press(dialog.save_button)
    qtbot.waitUntil(path.exists, timeout=20_000)
    qtbot.waitUntil(lambda: widget.findChild(SaveDialog) is None)
    saved, original = read_stack(path), read_stack(shared_data / COCO)
    np.testing.assert_array_equal(saved.values, original.values)
    assert saved.name == original.name
    assert saved.overlay.shape == original.overlay.shape


def test_layer_saved_from_the_file_menu_opens_again(
    shared_data, window, open_dataset, answer_file_dialog, qtbot, tmp_path
):
    open_dataset(shared_data / COCO)
    window.layers.selection = {window.layers["000000015746.jpg.C1.npz features"]}
    path = tmp_path / "saved.zip"
    answer_file_dialog(path)
    save_selected_layers()
    np.testing.assert_array_equal(read_stack(path).values, read_stack(shared_data / COCO).values)


def test_map_saved_from_the_file_menu_is_a_tiff_image(
    shared_data, window, open_dataset, answer_file_dialog, tmp_path
):
    widget = open_dataset(shared_data / COCO)
    widget.result.threshold.value = 0.9
    layer = widget.explorer.map_layer
    window.layers.selection = {layer}
    answer_file_dialog(tmp_path / "map.tif")
    save_selected_layers()
    (saved,) = window.open(str(tmp_path / "map.tif"), plugin="napari")
    np.testing.assert_array_equal(saved.data, layer.data)
    assert 0 < np.mean(saved.data < 0.9) < 1  # also what is hidden


def test_dataset_saved_while_it_is_explored_keeps_the_colours_of_its_image(
    shared_data, window, open_dataset, answer_file_dialog, tmp_path
):
    open_dataset(shared_data / COCO)
    names = ("features", "overlay")
    window.layers.selection = {window.layers[f"000000015746.jpg.C1.npz {name}"] for name in names}
    answer_file_dialog(tmp_path / "saved.zip")
    save_selected_layers()
    saved, original = (read_stack(path) for path in (tmp_path / "saved.zip", shared_data / COCO))
    difference = saved.overlay.astype(float) - original.overlay
    assert np.sqrt(np.mean(difference**2)) < 3  # of a JPEG image
    assert np.ptp(saved.overlay, axis=-1).max() > 100


def test_any_layer_can_be_saved_without_loss(
    window, open_dataset, answer_file_dialog, qtbot, tmp_path, press
):
    values = np.random.default_rng(0).normal(size=(20, 30, 5)).astype(np.float32)
    np.save(tmp_path / "cube.npy", values)
    widget = open_dataset(tmp_path / "cube.npy")
    dialog = shown_dialog(qtbot, press, widget)
    answer_file_dialog(tmp_path / "cube.zip")
    press(dialog.save_button)
    qtbot.waitUntil((tmp_path / "cube.zip").exists, timeout=20_000)
    np.testing.assert_allclose(
        restored(read_stack(tmp_path / "cube.zip")), values, rtol=1e-6, atol=1e-6
    )


def test_window_closed_while_saving_leaves_no_half_file(
    window, add_stack, qtbot, tmp_path, monkeypatch, press
):
    has_begun, goes_on, has_ended = Event(), Event(), Event()

    def held_up(*arguments, track, **options):
        def tracked(iterable, /, **shown):
            for item in track(iterable, **shown):
                has_begun.set()
                goes_on.wait(20)
                yield item

        try:
            write_stack(*arguments, track=tracked, **options)
        finally:
            has_ended.set()

    monkeypatch.setattr("napari_ifealid.widgets.save_dialog.write_stack", held_up)
    values = np.random.default_rng(0).integers(0, 256, (64, 64, 64), np.uint8)
    add_stack(window, FeatureStack(values=values, name="large"))
    _, widget = window.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    qtbot.waitUntil(lambda: widget.explorer.is_idle, timeout=20_000)
    shown_dialog(qtbot, press, widget).save(tmp_path / "large.zip", force=False)
    qtbot.waitUntil(has_begun.is_set)
    window.close()
    goes_on.set()
    qtbot.waitUntil(has_ended.is_set, timeout=20_000)
    for path in tmp_path.iterdir():  # cancelled or done, as the window's end comes before or after
        np.testing.assert_array_equal(read_stack(path).values, values)
