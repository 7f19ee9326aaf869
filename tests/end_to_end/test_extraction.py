"""Extracting features with the mouse in a real window."""

from __future__ import annotations

import subprocess
from concurrent.futures import CancelledError
from threading import Event

import numpy as np
import pytest
from pointer import on_screen
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QWidget
from skimage.data import astronaut

from napari_ifealid.explorer.extraction_layers import extract
from napari_ifealid.extraction import load_extractor
from napari_ifealid.widgets import extract_features


@pytest.fixture
def photo(window):
    return window.add_image(astronaut()[::4, ::4], name="astronaut", scale=(4, 4), rotate=10)


@pytest.fixture
def widget(window, photo, qtbot):
    _, widget = window.window.add_plugin_dock_widget("napari-ifealid", "Extract features")
    qtbot.waitUntil(widget.run_button.isEnabled, timeout=20_000)
    qtbot.wait(200)  # the dock takes its place
    return widget


@pytest.fixture
def held_up(monkeypatch):
    """Holds an extraction up: tells that it has begun, may go on, and was cancelled."""
    has_begun, goes_on, was_cancelled = Event(), Event(), Event()

    class HeldUp:
        def __init__(self, model):
            self._extractor = load_extractor(model)

        def extract(self, image, layers, *, name, track):
            has_begun.set()
            assert goes_on.wait(20)
            return self._extractor.extract(image, layers, name=name, track=track)

    def extracted(*arguments, **options):
        try:
            return extract(*arguments, **options)
        except CancelledError:
            was_cancelled.set()
            raise

    monkeypatch.setattr(extract_features, "load_extractor", HeldUp)
    monkeypatch.setattr(extract_features, "extract", extracted)
    return has_begun, goes_on, was_cancelled


def click(widget: QWidget) -> None:
    place = widget.mapToGlobal(QPoint(widget.width() // 2, widget.height() // 2))
    subprocess.run(
        ["xdotool", "mousemove", *on_screen(place), "click", "1"],
        check=True,
        timeout=10,
    )


def test_features_extracted_with_a_click_are_compared_under_the_mouse(
    window, widget, photo, mouse, qtbot
):
    before = photo.data.copy()
    click(widget.run_button)
    qtbot.waitUntil(lambda: "Filter features" in window.layers, timeout=60_000)
    _, similarity = window.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    qtbot.waitUntil(lambda: similarity.explorer.is_idle, timeout=20_000)
    qtbot.waitUntil(similarity.isVisible)
    assert similarity.choice.layer.value is window.layers["Filter features"]
    image = window.layers["image under the map"]
    assert np.ptp(image.data, axis=-1).max() == 0  # grey
    np.testing.assert_array_equal(photo.data, before)
    window.reset_view()
    qtbot.wait(200)
    mouse().move_to(photo.data_to_world((30, 90)))
    qtbot.waitUntil(lambda: similarity.explorer.pixel == (30, 90))
    qtbot.waitUntil(lambda: similarity.explorer.is_idle)
    assert similarity.explorer.map_layer.data[30, 90] == 1.0


def test_extraction_of_slices_is_cancelled_with_a_click(window, widget, held_up, qtbot):
    has_begun, goes_on, was_cancelled = held_up
    widget.layer.value = window.add_image(np.zeros((3, 32, 32)), name="slices")
    widget.slices.value = extract_features.Slices.ALL
    before = list(window.layers)
    qtbot.wait(200)  # the choice of slices takes its place
    click(widget.run_button)
    qtbot.waitUntil(has_begun.is_set)
    qtbot.waitUntil(lambda: widget.bar.text.text() == "Extracting features of slices…")
    click(widget.cancel_button)
    qtbot.waitUntil(lambda: widget.text.text() == "Cancelled")
    goes_on.set()
    qtbot.waitUntil(was_cancelled.is_set)
    assert list(window.layers) == before


def test_window_closed_while_extracting_ends_it(window, widget, held_up, qtbot):
    has_begun, goes_on, was_cancelled = held_up
    click(widget.run_button)
    qtbot.waitUntil(has_begun.is_set)
    window.close()
    goes_on.set()
    qtbot.waitUntil(was_cancelled.is_set, timeout=20_000)
