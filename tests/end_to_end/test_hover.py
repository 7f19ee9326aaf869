"""Real mouse moves in a real window, compared with what the web application shows."""

from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.colormaps import fire_table, with_transparency_ramp
from napari_ifealid.engines import EngineChoice

COCO = "000000015746.jpg.C1.npz.8.zip"
SYNTHETIC = "synthetic_23x17x9.8.zip"


def expected(shared_data, dataset):
    return np.load(
        shared_data / (dataset.removesuffix(".zip").removesuffix(".npz.8") + ".expected.npz")
    )


def tolerance(similarity):
    return np.where(similarity > 0.999, 5e-4, 5e-5)


def hover(qtbot, mouse, explorer, pixel):
    layer = explorer.map_layer
    mouse.move_to(layer.data_to_world(pixel))
    qtbot.waitUntil(lambda: explorer.pixel == pixel and explorer.is_idle)
    return layer


def positions(results):
    """The hovered pixels that the web application could show, see its faults."""
    return [
        (tuple(map(int, position)), index)
        for index, position in enumerate(results["positions_rowcol"])
        if not np.isnan(results["similarity"][index]).any()
    ]


def colours_on_canvas(window, mouse, layer):
    """The canvas's colour at the centre of each pixel, and the places where it was read."""
    picture = window.screenshot(canvas_only=True, flash=False)
    grid = np.stack(np.meshgrid(*map(np.arange, layer.data.shape), indexing="ij"), -1)
    corner, opposite = (
        np.array(layer.data_to_world(p)) for p in [(0, 0), np.array(layer.data.shape) - 1]
    )
    steps = (opposite - corner) / (np.array(layer.data.shape) - 1)
    middles = mouse.pixel_of(corner + grid * steps) + 0.5
    places = (middles * mouse.canvas.devicePixelRatioF()).astype(int)
    return picture[places[..., 0], places[..., 1], :3].astype(int), places


@pytest.mark.parametrize("engine", [EngineChoice.CPU, EngineChoice.GPU], ids=lambda e: e.value)
@pytest.mark.parametrize("dataset", [COCO, SYNTHETIC])
def test_layer_holds_the_web_applications_map(
    shared_data, open_dataset, mouse, qtbot, dataset, engine
):
    results = expected(shared_data, dataset)
    explorer = open_dataset(shared_data / dataset).explorer
    explorer.state.engine = engine
    qtbot.waitUntil(lambda: explorer.is_idle)
    pointer = mouse()
    for pixel, index in positions(results)[:12]:
        layer = hover(qtbot, pointer, explorer, pixel)
        similarity = results["similarity"][index]
        assert (np.abs(layer.data - similarity) <= tolerance(similarity)).all()
        assert layer.data[pixel] == 1.0
        np.testing.assert_allclose(layer.contrast_limits, results["minmax"][index], atol=2e-3)


@pytest.mark.parametrize("dataset", [COCO, SYNTHETIC])
def test_canvas_shows_the_web_applications_colours(
    shared_data, window, open_dataset, mouse, qtbot, dataset
):
    results = expected(shared_data, dataset)
    explorer = open_dataset(shared_data / dataset).explorer
    pointer = mouse()
    base = explorer.state.base
    table = with_transparency_ramp(fire_table() / 255, base)
    for pixel, index in positions(results)[:4]:
        layer = hover(qtbot, pointer, explorer, pixel)
        seen, places = colours_on_canvas(window, pointer, layer)
        low, high = results["minmax"][index]
        level = np.floor((results["similarity"][index] - low) / (high - low) * 256).astype(int)
        under = canvas_without(window, layer, places)
        differences = []
        for step in (-1, 0, 1):  # the limits may be half a colour off
            colour = table[np.clip(level + step, 0, 255)]
            alpha = colour[..., 3:]
            differences.append(np.abs(seen - (colour[..., :3] * 255 * alpha + under * (1 - alpha))))
        assert np.min(np.max(differences, axis=-1), axis=0).max() <= 3


def canvas_without(window, layer, places):
    layer.visible = False
    picture = window.screenshot(canvas_only=True, flash=False)
    layer.visible = True
    return picture[places[..., 0], places[..., 1], :3].astype(int)


def test_after_a_fast_sweep_the_map_is_that_of_the_pixel_under_the_cursor(
    shared_data, open_dataset, mouse, qtbot
):
    explorer = open_dataset(shared_data / COCO).explorer
    pointer, layer = mouse(), explorer.map_layer
    shown = []
    explorer.map_changed.connect(lambda: shown.append(explorer.session.shown.request.query))
    for step in range(100):
        pointer.move_to(layer.data_to_world((20 + step, 10 + step // 2)))
    qtbot.waitUntil(lambda: explorer.pixel == (119, 59) and explorer.is_idle)
    assert layer.data[119, 59] == 1.0
    assert len(shown) == len(set(shown)) > 0


def test_leaving_the_picture_keeps_the_map(shared_data, open_dataset, mouse, qtbot):
    explorer = open_dataset(shared_data / COCO).explorer
    pointer = mouse()
    before = hover(qtbot, pointer, explorer, (30, 40)).data.copy()
    pointer.move_to_canvas((5, 5))
    qtbot.wait(200)
    assert explorer.pixel == (30, 40)
    np.testing.assert_array_equal(explorer.map_layer.data, before)


def test_key_holds_the_reference_and_the_status_bar_shows_the_similarity(
    shared_data, window, open_dataset, mouse, qtbot
):
    widget = open_dataset(shared_data / COCO)
    explorer, pointer = widget.explorer, mouse()
    hover(qtbot, pointer, explorer, (30, 40))
    pointer.canvas.window().activateWindow()
    pointer.canvas.setFocus()
    qtbot.keyClick(pointer.canvas, "h")
    assert not widget.question.follow.value
    pointer.move_to(explorer.map_layer.data_to_world((90, 60)))
    value = format(explorer.map_layer.data[90, 60], ".3g")

    # napari's test viewer has no status bar; this is what napari asks for it
    def status() -> str:
        layer = window.layers.selection.active
        return layer.get_status(window.cursor.position, world=True)["value"]

    qtbot.waitUntil(lambda: status() == value)
    assert explorer.pixel == (30, 40)
    qtbot.keyClick(pointer.canvas, "h")
    hover(qtbot, pointer, explorer, (80, 60))


def test_stack_removed_while_hovering(shared_data, window, open_dataset, mouse, qtbot):
    explorer = open_dataset(shared_data / COCO).explorer
    pointer, layer = mouse(), explorer.map_layer
    for step in range(10):
        pointer.move_to(layer.data_to_world((20 + step, 10)))
        if step == 4:
            window.layers.remove(explorer.state.layer)
        qtbot.wait(20)
    assert [layer.name for layer in window.layers] == ["000000015746.jpg.C1.npz overlay"]
    assert window.layers[0].data.std(axis=-1).any(), "the overlay has its colours again"
