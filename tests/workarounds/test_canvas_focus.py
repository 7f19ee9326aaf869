from __future__ import annotations

import pytest
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication, QComboBox, QLineEdit, QVBoxLayout, QWidget

from napari_ifealid.workarounds.canvas_focus import CanvasFocus
from napari_ifealid.workarounds.canvases import canvases


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer(show=True)


@pytest.fixture
def panel(viewer, qtbot) -> QWidget:
    """A dock with a combo box and a text field."""
    panel = QWidget()
    layout = QVBoxLayout(panel)
    panel.combo, panel.text = QComboBox(), QLineEdit()
    panel.combo.addItems(["gray", "hsv", "viridis"])
    layout.addWidget(panel.combo)
    layout.addWidget(panel.text)
    viewer.window.add_dock_widget(panel)
    panel.window().activateWindow()
    qtbot.waitUntil(panel.window().isActiveWindow)
    return panel


@pytest.fixture
def pressed(viewer) -> list[str]:
    """The keys that reached the viewer."""
    keys: list[str] = []
    viewer.bind_key("H", lambda _: keys.append("H"), overwrite=True)
    return keys


def move_over_the_picture(panel: QWidget) -> None:
    (canvas,) = canvases(panel)
    at = QPointF(40, 50)
    button, key = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(QEvent.Type.MouseMove, at, canvas.mapToGlobal(at), button, button, key)
    QApplication.sendEvent(canvas, event)


def press(panel: QWidget, key: str, qtbot) -> None:
    focused = QApplication.focusWidget()
    assert focused is not None
    qtbot.keyClick(focused, key)
    qtbot.wait(20)


def test_workaround_is_needed_as_long_as_a_combo_box_keeps_the_keys(panel, pressed, qtbot):
    """Take `CanvasFocus` out once this fails."""
    panel.combo.setFocus()
    move_over_the_picture(panel)
    press(panel, "h", qtbot)
    assert pressed == []
    assert panel.combo.currentText() == "hsv"


def test_keys_are_the_pictures_while_the_mouse_is_over_it(panel, pressed, qtbot):
    CanvasFocus(panel)
    panel.combo.setFocus()
    move_over_the_picture(panel)
    press(panel, "h", qtbot)
    assert pressed == ["H"]
    assert panel.combo.currentText() == "gray"


def test_text_that_is_being_typed_keeps_the_keys(panel, pressed, qtbot):
    CanvasFocus(panel)
    panel.text.setFocus()
    move_over_the_picture(panel)
    press(panel, "h", qtbot)
    assert panel.text.text() == "h"
    assert pressed == []


def test_keyboard_is_left_where_it_is_after_the_end(panel, qtbot):
    CanvasFocus(panel).close()
    panel.combo.setFocus()
    move_over_the_picture(panel)
    assert QApplication.focusWidget() is panel.combo
