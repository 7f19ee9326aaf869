"""Linked stacks side by side, by a real mouse in a real window."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from pointer import on_screen
from qtpy.QtCore import QPoint

from explorer_actions import CLOSE, expected_map
from napari_ifealid.explorer.viewer_parts import camera, canvas_grid
from napari_ifealid.workarounds.canvases import canvases

FILES = ("000000015746.jpg.C1.npz.8.zip", "000000015746.jpg.C3.npz.8.zip")


@pytest.fixture
def linked(shared_data, window, qtbot):
    """Two stacks of one photo, opened at once and linked as the panel offers."""
    window.open([str(shared_data / name) for name in FILES], plugin="napari-ifealid")
    _, widget = window.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    qtbot.waitUntil(lambda: widget.explorer.is_idle, timeout=20_000)
    window.reset_view()
    qtbot.wait(200)
    return widget


def move_to(window, widget, qtbot, cell: int, place, button: str | None = None) -> None:
    """Move the pointer to a place in the world in a cell of the only row."""
    (canvas,) = canvases(widget)
    start = np.array([canvas.height() / 2, canvas.width() * (0.25 + 0.5 * cell)])
    point(canvas, start - 5)
    qtbot.wait(50)
    point(canvas, start)
    qtbot.waitUntil(lambda: window.cursor.viewbox == (0, cell), timeout=5000)
    qtbot.wait(100)
    there = np.array(window.cursor.position[-2:])
    point(canvas, start + camera(window).zoom * (np.asarray(place)[-2:] - there), button)


def point(canvas, row_column, button: str | None = None) -> None:
    """Move the pointer of the X server to a pixel of the canvas, and click there."""
    row, column = (round(float(x)) for x in row_column)
    at = canvas.mapToGlobal(QPoint(column, row))
    click = [] if button is None else ["click", button]
    command = ["xdotool", "mousemove", *on_screen(at), *click]
    subprocess.run(command, check=True, timeout=10)


def test_stacks_opened_at_once_are_linked_by_a_click_and_hovered_in_every_cell(
    window, linked, press, qtbot
):
    explorer = linked.explorer
    assert linked.links.offer_text.text() == "2 stacks of this image"
    press(linked.links.link)
    qtbot.waitUntil(lambda: len(explorer.sessions) == 2 and explorer.is_idle, timeout=20_000)
    before = [(layer, layer.visible) for layer in window.layers]
    press(linked.links.side_by_side)
    qtbot.waitUntil(lambda: canvas_grid(window).enabled)
    qtbot.wait(300)
    assert canvas_grid(window).shape == (1, 2)
    fine, coarse = linked.side_by_side.cells
    grid = explorer.session.grid
    for cell, share in [(0, (0.5, 0.5)), (1, (0.75, 0.3)), (0, (0.1, 0.9))]:
        pixel = tuple(int(x * n) for x, n in zip(share, grid.shape, strict=True))
        place = grid.place_of(pixel)
        move_to(window, linked, qtbot, cell, place)
        qtbot.waitUntil(lambda pixel=pixel: explorer.pixel == pixel, timeout=5000)
        qtbot.waitUntil(lambda: explorer.is_idle, timeout=5000)
        for one in (fine.session, coarse.session):
            expected = expected_map(one.stack, one.grid.pixel_at(explorer.cursor.place))
            np.testing.assert_allclose(one.map_layer.data, expected, atol=CLOSE)
        qtbot.waitUntil(lambda: is_marked(fine) and is_marked(coarse), timeout=5000)
    move_to(window, linked, qtbot, 1, grid.place_of(grid.middle), button="1")
    qtbot.waitUntil(lambda: [pixel for pixel, _ in explorer.pinned] == [grid.middle], timeout=5000)
    qtbot.waitUntil(lambda: len(coarse.layers[2].data) == 2, timeout=5000)
    press(linked.links.side_by_side)
    qtbot.waitUntil(lambda: not canvas_grid(window).enabled)
    after = {layer: layer.visible for layer in window.layers}
    assert [(layer, after[layer]) for layer, _ in before] == before


def is_marked(cell) -> bool:
    """Return whether a cross-hair is in the cell."""
    return len(cell.layers[-1].data) == 1
