from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image
from qtpy.QtWidgets import QLabel
from superqt import QDoubleRangeSlider

from napari_ifealid.workarounds.late_followers import LateFollowers
from patient_scheduler import run_all


class Listener:
    """Listens to what is asked for, and keeps the limits that it was told of."""

    def __init__(self, layer: Image, *events: str) -> None:
        self.layer, self.told = layer, []
        for event in events:
            getattr(layer.events, event).connect(self.on_change)

    def on_change(self) -> None:
        self.told.append(tuple(self.layer.contrast_limits))


@pytest.fixture
def layer() -> Image:
    return Image(np.eye(4, dtype=np.float32), contrast_limits=(0, 1))


@pytest.fixture
def after_the_frame() -> list:
    """What waits for the next frame."""
    return []


def test_workaround_is_needed_as_long_as_napari_updates_its_slider_at_each_change(
    make_napari_viewer,
):
    """Take `LateFollowers` out once this fails, and the benchmarks see no difference."""
    viewer = make_napari_viewer()
    label = QLabel("A widget in the window")
    viewer.window.add_dock_widget(label)
    layer = viewer.add_image(np.eye(4, dtype=np.float32), contrast_limits=(0, 1))
    (slider,) = label.window().findChildren(QDoubleRangeSlider)
    layer.contrast_limits = (0.25, 0.75)
    assert slider.value() == (0.25, 0.75)


def test_what_draws_the_layer_is_told_at_once_and_all_else_after_the_frame(layer, after_the_frame):
    drawing = Listener(layer, "contrast_limits", "set_data")
    control = Listener(layer, "contrast_limits")
    followers = LateFollowers(layer, after_the_frame.append)
    layer.contrast_limits = (0.2, 0.5)
    layer.contrast_limits = (0.3, 0.6)
    assert drawing.told == [(0.2, 0.5), (0.3, 0.6)]
    assert control.told == []
    assert len(after_the_frame) == 1
    run_all(after_the_frame)
    assert control.told == [(0.3, 0.6)]
    layer.contrast_limits = (0.1, 0.9)
    run_all(after_the_frame)
    assert control.told[1:] == [(0.1, 0.9)]
    followers.close()


def test_all_are_told_at_once_after_the_end(layer, after_the_frame):
    control = Listener(layer, "contrast_limits")
    followers = LateFollowers(layer, after_the_frame.append)
    layer.contrast_limits = (0.2, 0.5)
    followers.close()
    run_all(after_the_frame)
    assert control.told == []
    layer.contrast_limits = (0.3, 0.6)
    assert control.told == [(0.3, 0.6)]


def test_slider_of_a_window_follows_after_the_frame(make_napari_viewer, after_the_frame):
    viewer = make_napari_viewer()
    label = QLabel("A widget in the window")
    viewer.window.add_dock_widget(label)
    layer = viewer.add_image(np.eye(4, dtype=np.float32), contrast_limits=(0, 1))
    layer.colorbar.visible = True
    followers = LateFollowers(layer, after_the_frame.append)
    (slider,) = label.window().findChildren(QDoubleRangeSlider)
    layer.contrast_limits = (0.25, 0.75)
    assert slider.value() == (0.0, 1.0)
    run_all(after_the_frame)
    assert slider.value() == (0.25, 0.75)
    followers.close()
    layer.contrast_limits = (0.5, 0.75)
    assert slider.value() == (0.5, 0.75)
