"""Questions of all kinds asked with the mouse in a real window: measures, rules, bands, places."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from pointer import on_screen
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QPushButton

from napari_ifealid import FeatureStack, Query, Reference, Rule, similarity_map
from napari_ifealid.explorer import ReferenceMode
from napari_ifealid.measures import SPECTRAL_ANGLE, UsedFeatures
from napari_ifealid.picture import PictureKind
from napari_ifealid.preprocessing import preprocessed

COCO = "000000015746.jpg.C3.npz.8.zip"
WAVELENGTHS = 400.0 + 60.0 * np.arange(36)


def click_at(place: QPoint) -> None:
    to = on_screen(place)
    subprocess.run(["xdotool", "mousemove", *to, "click", "1"], check=True, timeout=10)


@pytest.fixture
def choose(press, qtbot):
    """Opens a box and clicks one of its choices with the real mouse."""

    def choose(box, text: str) -> None:
        press(box)
        view = box.view()
        qtbot.waitUntil(view.isVisible)
        qtbot.wait(100)
        index = box.model().index(box.findText(text), 0)
        view.scrollTo(index)
        click_at(view.viewport().mapToGlobal(view.visualRect(index).center()))
        qtbot.waitUntil(lambda: box.currentText() == text)

    return choose


@pytest.fixture
def pin(mouse, qtbot):
    """Hovers over pixels and pins them with a click."""

    def pin(explorer, *pixels: tuple[int, int]) -> None:
        pointer = mouse()
        for pixel in pixels:
            count = len(explorer.pinned)
            pointer.move_to(explorer.map_layer.data_to_world(pixel))
            qtbot.waitUntil(lambda pixel=pixel: explorer.pixel == pixel and explorer.is_idle)
            subprocess.run(["xdotool", "click", "1"], check=True, timeout=10)
            qtbot.waitUntil(lambda count=count: len(explorer.pinned) == count + 1)

    return pin


@pytest.fixture
def cube(tmp_path):
    """A cube with wavelengths, as an .npz file."""
    rng = np.random.default_rng(0)
    spectra = 0.2 + rng.random((4, WAVELENGTHS.size))
    values = spectra[rng.integers(0, 4, (20, 30))] + 0.01 * rng.random((20, 30, 1))
    path = tmp_path / "cube.npz"
    labels = [f"{wavelength:g} nm" for wavelength in WAVELENGTHS]
    np.savez(path, features=values.astype(np.float32), feature_labels=labels)
    return path


def rule_button(widget, mode: ReferenceMode) -> QPushButton:
    buttons = widget.question.reference.findChildren(QPushButton)
    return next(one for one in buttons if one.text() == mode.value)


def shown_map(explorer, qtbot) -> np.ndarray:
    qtbot.waitUntil(lambda: explorer.is_idle)
    qtbot.wait(50)
    return explorer.map_layer.data


def test_measure_is_chosen_in_its_box(shared_data, open_dataset, choose, qtbot):
    widget = open_dataset(shared_data / COCO)
    explorer = widget.explorer
    choose(widget.question.measure.measure, "Pearson correlation")
    expected = similarity_map(explorer.stack, explorer.pixel, measure="Pearson correlation")
    np.testing.assert_allclose(shown_map(explorer, qtbot), expected, atol=1e-4)


def test_difference_of_pins_is_asked_with_the_mouse_alone(
    shared_data, open_dataset, press, pin, qtbot
):
    widget = open_dataset(shared_data / COCO)
    explorer = widget.explorer
    like, unlike = (20, 13), (33, 20)
    pin(explorer, like, unlike)
    pins = widget.question.pins
    row = pins.rows.visualItemRect(pins.rows.item(1)).center()
    press(pins.rows)  # brings it into view
    click_at(pins.rows.viewport().mapToGlobal(row))
    qtbot.waitUntil(pins.sign.isEnabled)
    press(pins.sign)
    qtbot.waitUntil(lambda: [pin.sign for pin in explorer.pins.pins] == [1, -1])
    press(rule_button(widget, ReferenceMode.DIFFERENCE))
    qtbot.waitUntil(lambda: explorer.state.reference is ReferenceMode.DIFFERENCE)
    vectors = [explorer.stack.vector(pixel) for pixel in (like, unlike)]
    expected = similarity_map(
        explorer.stack,
        Query((Reference(vectors[0]), Reference(vectors[1], sign=-1)), Rule.DIFFERENCE),
    )
    np.testing.assert_allclose(shown_map(explorer, qtbot), expected, atol=1e-4)


def test_bands_and_preprocessing_are_chosen_with_the_mouse(
    cube, open_dataset, press, choose, qtbot
):
    widget = open_dataset(cube)
    explorer = widget.explorer
    menu = widget.chart_dock.panel.features
    press(menu)
    qtbot.waitUntil(menu.menu().isVisible)
    click_at(menu.menu().mapToGlobal(menu.menu().actionGeometry(menu.choose).center()))
    qtbot.waitUntil(lambda: menu.dialog is not None and menu.dialog.isVisible())
    qtbot.keyClicks(menu.dialog.first, "1000")
    qtbot.keyClicks(menu.dialog.last, "1500")
    press(menu.dialog.leave_out)
    press(menu.dialog.accept_button)
    kept = (WAVELENGTHS < 1000.0) | (WAVELENGTHS > 1500.0)
    used = UsedFeatures(tuple(kept.tolist()))
    qtbot.waitUntil(lambda: explorer.session.features == used)
    choose(widget.question.preprocessing.box, "continuum removed")
    shown = shown_map(explorer, qtbot)
    session = explorer.session
    changed = preprocessed(session.original, session.transform)
    assert session.transform.used == used
    expected = similarity_map(changed, explorer.pixel, measure=SPECTRAL_ANGLE.over(used))
    np.testing.assert_allclose(shown, expected, atol=1e-4)


def test_picture_is_chosen_with_the_mouse(cube, open_dataset, choose, window, qtbot):
    widget = open_dataset(cube)
    explorer = widget.explorer
    mean = explorer.stack.values.mean(axis=-1)

    def is_shown() -> bool:
        picture = window.layers["image under the map"].data
        grey = picture if picture.ndim == 2 else picture[..., 0]
        return bool(np.corrcoef(mean.ravel(), grey.ravel())[0, 1] > 0.99)

    assert not is_shown()
    choose(widget.look.picture.native, PictureKind.MEAN.value)
    qtbot.waitUntil(is_shown)


def test_place_that_is_found_is_visited_with_a_click(shared_data, open_dataset, press, pin, qtbot):
    widget = open_dataset(shared_data / COCO)
    explorer, places = widget.explorer, widget.places
    pin(explorer, (20, 13))
    press(rule_button(widget, ReferenceMode.MEAN))
    press(places.find_button)
    qtbot.waitUntil(lambda: bool(widget.search.found), timeout=10_000)
    best, second = widget.search.found[:2]
    assert best.pixel == (20, 13)
    assert second.value == pytest.approx(float(explorer.map_layer.data[second.pixel]))
    click_at(
        places.rows.viewport().mapToGlobal(places.rows.visualItemRect(places.rows.item(1)).center())
    )
    qtbot.waitUntil(lambda: not explorer.state.follow)
    assert places.rows.currentRow() == 1


def test_session_that_is_saved_opens_as_the_same_map(
    shared_data, open_dataset, window, press, choose, pin, answer_file_dialog, qtbot, tmp_path
):
    widget = open_dataset(shared_data / COCO)
    explorer = widget.explorer
    pin(explorer, (20, 13), (5, 5))
    press(rule_button(widget, ReferenceMode.BEST))
    choose(widget.question.measure.measure, "cosine")
    before = shown_map(explorer, qtbot).copy()
    path = tmp_path / "scene.ifealid.json"
    answer_file_dialog(path)
    press(widget.save_session.save_button)
    qtbot.waitUntil(path.exists, timeout=20_000)
    window.layers.clear()
    qtbot.waitUntil(lambda: explorer.stack is None)
    window.open(str(path), plugin="napari-ifealid")
    qtbot.waitUntil(lambda: explorer.stack is not None and len(explorer.pinned) == 2)
    np.testing.assert_allclose(shown_map(explorer, qtbot), before, atol=1e-6)


def test_channels_that_are_selected_are_compared_as_one_stack(window, press, qtbot):
    rng = np.random.default_rng(0)
    channels = [window.add_image(rng.random((20, 30)), name=name) for name in "abc"]
    _, widget = window.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    window.layers.selection = set(channels)
    qtbot.waitUntil(widget.empty_page.channels.isVisible)
    qtbot.wait(200)
    press(widget.empty_page.channels)
    explorer = widget.explorer
    qtbot.waitUntil(lambda: explorer.stack is not None and explorer.is_idle)
    stack = FeatureStack(values=np.stack([one.data for one in channels], -1), name="abc")
    expected = similarity_map(stack, explorer.pixel)
    np.testing.assert_allclose(shown_map(explorer, qtbot), expected, atol=1e-4)
