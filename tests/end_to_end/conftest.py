"""A real window and a real mouse."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from pointer import on_screen
from qtpy.QtCore import QPoint, QTimer
from qtpy.QtWidgets import (
    QApplication,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
    QScrollArea,
    QWidget,
)

from napari_ifealid.widgets.folding_group import FoldingGroup


class Mouse:
    """Moves the pointer of the X server over the canvas of a viewer."""

    def __init__(self, viewer, qtbot) -> None:
        self._viewer, self._qtbot = viewer, qtbot
        canvases = [
            widget
            for window in QApplication.topLevelWidgets()
            for widget in window.findChildren(QWidget)
            if type(widget).__name__ == "CanvasBackendDesktop" and widget.isVisible()
        ]
        self.canvas = max(canvases, key=lambda widget: widget.width())
        centre = np.array([self.canvas.height(), self.canvas.width()]) // 2
        self._origin = self._world_at(centre)
        self._step = (self._world_at(centre + 100) - self._origin) / 100
        self._centre = centre

    def pixel_of(self, world) -> np.ndarray:
        """Row and column of the canvas that show a world position."""
        return self._centre + np.round((np.asarray(world) - self._origin) / self._step).astype(int)

    def move_to(self, world) -> None:
        """Move the pointer to the last two world coordinates given."""
        self.move_to_canvas(self.pixel_of(world))

    def move_to_canvas(self, row_column) -> None:
        row, column = (int(x) for x in row_column)
        place = self.canvas.mapToGlobal(QPoint(column, row))
        subprocess.run(["xdotool", "mousemove", *on_screen(place)], check=True, timeout=10)

    def _world_at(self, row_column) -> np.ndarray:
        before = tuple(self._viewer.cursor.position)
        self.move_to_canvas(row_column - 3)
        self._qtbot.wait(50)
        self.move_to_canvas(row_column)
        self._qtbot.waitUntil(lambda: tuple(self._viewer.cursor.position) != before)
        self._qtbot.wait(100)
        return np.array(self._viewer.cursor.position[-2:])


@pytest.fixture
def window(make_napari_viewer, qtbot):
    if sys.platform != "linux" or "DISPLAY" not in os.environ or not shutil.which("xdotool"):
        pytest.skip("needs an X server and xdotool for a real mouse")
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1200, 800)
    qtbot.wait(100)
    return viewer


@pytest.fixture
def open_dataset(window, qtbot):
    """Opens files in the window as a user does, with the dock widget, and waits for the map."""

    def open_(path):
        window.open(str(path), plugin="napari-ifealid")
        _, widget = window.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
        qtbot.waitUntil(lambda: widget.explorer.is_idle, timeout=20_000)
        window.reset_view()
        qtbot.wait(200)
        return widget

    return open_


@pytest.fixture
def mouse(window, qtbot):
    """Makes the mouse, once the picture is in the window."""
    return lambda: Mouse(window, qtbot)


@pytest.fixture
def press(qtbot):
    """Clicks a button of the panel with the real mouse, in whichever group it is."""

    def press(button: QWidget) -> None:
        parent = button.parentWidget()
        while parent is not None:
            if isinstance(parent, FoldingGroup):
                parent.unfold()
            if isinstance(parent, QScrollArea):
                qtbot.wait(100)
                parent.ensureWidgetVisible(button)
            parent = parent.parentWidget()
        qtbot.wait(100)
        place = button.mapToGlobal(QPoint(button.width() // 2, button.height() // 2))
        subprocess.run(
            ["xdotool", "mousemove", *on_screen(place), "click", "1"],
            check=True,
            timeout=10,
        )

    return press


@pytest.fixture
def answer_file_dialog(qtbot):
    """Gives the next file dialog a path, chooses its kind and presses its button."""

    def answer(path) -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QFileDialog):
            QTimer.singleShot(100, lambda: answer(path))
            return
        try:
            (wanted,) = (
                kind
                for kind in dialog.nameFilters()
                if any(path.name.endswith(end) for end in re.findall(r"\*(\.[^ )]+)", kind))
            )
            dialog.selectNameFilter(wanted)
            field = dialog.findChild(QLineEdit)
            save = dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Save)

            def is_ready() -> bool:
                # Qt looks only when the text changes whether it has read the folder by now; each
                # key would select a folder more where the dialog is not the active window
                field.clear()
                field.setText(str(path))
                return save.isEnabled()

            qtbot.waitUntil(is_ready)
            save.click()
            assert not dialog.isVisible()
        except Exception:
            dialog.reject()  # else the test would never end
            raise

    return lambda path: QTimer.singleShot(100, lambda: answer(path))
