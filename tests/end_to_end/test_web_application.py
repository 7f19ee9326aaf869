"""What the web application shows, row by row of the guide's table, in a real window."""

from __future__ import annotations

import time

import numpy as np
import pytest

from napari_ifealid import _background
from napari_ifealid.measures import spectral_angle_similarity

COCO = "000000015746.jpg.C1.npz.8.zip"
SYNTHETIC = "synthetic_23x17x9.8.zip"


def hover(qtbot, pointer, explorer, pixel):
    pointer.move_to(explorer.map_layer.data_to_world(pixel))
    qtbot.waitUntil(lambda: explorer.pixel == pixel and explorer.is_idle)
    return explorer.map_layer


def test_all_zero_pixels(shared_data, open_dataset, mouse, qtbot):
    explorer = open_dataset(shared_data / SYNTHETIC).explorer
    zero = ~explorer.stack.values.any(axis=-1)
    pixel = tuple(map(int, np.argwhere(zero)[0]))
    layer = hover(qtbot, mouse(), explorer, pixel)
    np.testing.assert_array_equal(layer.data, zero)
    layer = hover(qtbot, mouse(), explorer, tuple(map(int, np.argwhere(~zero)[0])))
    assert not layer.data[zero].any()


def test_colour_scale(shared_data, open_dataset, mouse, qtbot):
    widget = open_dataset(shared_data / COCO)
    layer = hover(qtbot, mouse(), widget.explorer, (40, 30))
    widget.result.threshold.value = 0.4
    low, high = layer.contrast_limits
    # a level of the colormap begins at the threshold: the ends may be two levels further
    assert low == pytest.approx(spectral_angle_minimum(widget.explorer, (40, 30)), abs=6e-3)
    told = f"Colours from {low:.3g} to {high:.3g} of this map, transparent below 0.4"
    qtbot.waitUntil(lambda: widget.texts.colours.text() == told)


def spectral_angle_minimum(explorer, pixel):
    return spectral_angle_similarity(explorer.stack.values, explorer.stack.vector(pixel)).min()


def test_overlay_is_grey_or_in_colour_under_the_map(shared_data, window, open_dataset, qtbot):
    widget = open_dataset(shared_data / COCO)
    widget.look.opacity.value = 0.0

    def colourfulness():
        picture = window.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
        return np.ptp(picture, axis=-1).max()

    assert colourfulness() == 0
    widget.look.overlay_in_colour.value = True
    assert colourfulness() > 100


def test_first_view_is_the_map_of_the_middle_pixel(shared_data, open_dataset):
    explorer = open_dataset(shared_data / COCO).explorer
    assert explorer.pixel == (80, 53)
    assert explorer.map_layer.data[80, 53] == 1.0


def test_pixel_vector_is_drawn_in_the_chart(shared_data, open_dataset, mouse, qtbot):
    results = np.load(shared_data / "000000015746.jpg.C1.expected.npz")
    widget = open_dataset(shared_data / COCO)
    pointer = mouse()

    def drawn():
        return dict(widget.chart_dock.panel.chart.curves)["cursor"]

    for position, vector in list(zip(results["positions_rowcol"], results["vectors"], strict=True))[
        :8
    ]:
        hover(qtbot, pointer, widget.explorer, tuple(map(int, position)))
        qtbot.waitUntil(lambda vector=vector: np.allclose(drawn(), vector, rtol=0, atol=1e-6))


def test_title_has_name_size_and_precision(shared_data, window, open_dataset):
    widget = open_dataset(shared_data / COCO)
    assert widget.texts.stack.text() == "160 × 106 pixels × 256 features @ 8 bit"
    assert "000000015746.jpg.C1.npz features" in window.layers


@pytest.fixture
def slow_reading(monkeypatch):
    """Each step of reading takes longer than the window waits for, which shows it at once."""
    track = _background._Report.track

    def slowly(report, iterable, /, **options):
        for item in track(report, iterable, **options):
            time.sleep(0.05)
            yield item

    monkeypatch.setattr(_background._Report, "track", slowly)
    monkeypatch.setattr(_background, "UNNOTICED", 0.0)


def test_long_loading_shows_napari_progress_bar(
    shared_data, open_dataset, monkeypatch, slow_reading
):
    bars = []

    class Noted(_background.CancelledAtOnce):
        def __init__(self, **options):
            super().__init__(**options)
            bars.append(self)

    monkeypatch.setattr(_background, "CancelledAtOnce", Noted)
    open_dataset(shared_data / COCO)
    told = {(bar.desc, bar.total) for bar in bars}
    assert ("Opening 000000015746.jpg.C1.npz", 8) in told
    assert any(bar.n > 0 for bar in bars)


def test_pixels_have_sharp_edges(shared_data, window, open_dataset, mouse, qtbot):
    explorer = open_dataset(shared_data / SYNTHETIC).explorer
    pointer = mouse()
    layer = hover(qtbot, pointer, explorer, (4, 4))
    picture = window.screenshot(canvas_only=True, flash=False)[..., :3]
    corner = pointer.pixel_of(layer.data_to_world((10 - 0.4, 8 - 0.4)))
    opposite = pointer.pixel_of(layer.data_to_world((10 + 0.4, 8 + 0.4)))
    block = picture[corner[0] : opposite[0], corner[1] : opposite[1]].reshape(-1, 3)
    assert len(block) > 100
    assert np.ptp(block, axis=0).max() == 0


def test_window_closed_while_a_file_is_read_ends_cleanly(shared_data, window, monkeypatch):
    class ClosedWhilePainted(_background.CancelledAtOnce):
        def update(self, n=1):
            super().update(n)
            window.close()

    track = _background._Report.track

    def until_closed(report, iterable, /, **options):
        for item in track(report, iterable, **options):
            yield item
            end = time.monotonic() + 20.0
            while report.done and not report.is_cancelled and time.monotonic() < end:
                time.sleep(0.01)

    monkeypatch.setattr(_background._Report, "track", until_closed)
    monkeypatch.setattr(_background, "UNNOTICED", 0.0)
    monkeypatch.setattr(_background, "CancelledAtOnce", ClosedWhilePainted)
    assert window.open(str(shared_data / COCO), plugin="napari-ifealid") == []


def test_window_closed_while_features_are_measured_ends_cleanly(window, add_stack, stack):
    add_stack(window, stack)
    window.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    window.close()
