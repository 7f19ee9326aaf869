from __future__ import annotations

import pytest
from qtpy.QtWidgets import QWidget

from napari_ifealid.widgets.canvas_hint import CanvasHint
from napari_ifealid.widgets.first_hover import TEXT
from napari_ifealid.workarounds.canvases import canvases


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer(show=True)


@pytest.fixture
def widget(viewer, qtbot):
    _, widget = viewer.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    qtbot.waitUntil(lambda: bool(hints_of(widget)) or widget.explorer.stack is None)
    return widget


def hints_of(widget: QWidget) -> list[CanvasHint]:
    return [hint for canvas in canvases(widget) for hint in canvas.findChildren(CanvasHint)]


def test_nothing_is_said_without_a_stack(widget):
    assert hints_of(widget) == []


def test_line_stays_until_the_first_hover(widget, viewer, add_stack, stack, qtbot):
    features = add_stack(viewer, stack)
    qtbot.waitUntil(lambda: len(hints_of(widget)) == 1)
    assert hints_of(widget)[0].text() == TEXT
    widget.explorer.show_pixel((1, 1))
    qtbot.wait(100)
    assert len(hints_of(widget)) == 1
    from explorer_actions import hover

    hover(viewer, features, 0, 3, 3)
    qtbot.waitUntil(lambda: not hints_of(widget))
    add_stack(viewer, stack)
    qtbot.waitUntil(lambda: widget.explorer.is_idle)
    assert hints_of(widget) == []
