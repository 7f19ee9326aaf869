"""A window that is used without mercy, and the events that reach it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from complaints import Complaints
from napari.layers import Layer
from qtpy.QtCore import QEvent, QPointF, Qt, QThreadPool
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication, QWidget

from napari_ifealid.workarounds.canvases import all_canvases

_PATIENCE = 20.0  # seconds until a window must rest
_TEXTS = 40  # milliseconds that texts are later than the map
_SIZE = 800, 460  # pixels; a small picture is drawn quickly, also without a graphics card


@dataclass(eq=False)
class OpenWindow:
    """A viewer, and the panel in it.

    Parameters
    ----------
    viewer : napari viewer
    canvas : QWidget
        On which its layers are drawn.
    dock, panel : QWidget or None
        While the panel is open.
    """

    viewer: Any
    canvas: QWidget
    dock: Any = None
    panel: Any = None
    users: dict[Layer, np.ndarray] = field(default_factory=dict)
    """Copies of the values of layers that the user has opened or made."""


class AbusedWindow:
    """The window that steps act on, and another one now and then.

    Parameters
    ----------
    make_viewer : callable
        `make_viewer()` returns a viewer that is shown.
    qtbot : pytest-qt's robot
    folder : Path
        Of the files that are opened.
    complaints : Complaints
    has_plugin : bool, optional
        False: no panel is ever opened, to see what is napari's own.
    """

    def __init__(
        self,
        make_viewer: Callable[[], Any],
        qtbot: Any,
        folder: Path,
        complaints: Complaints,
        *,
        has_plugin: bool = True,
    ) -> None:
        self._make_viewer, self._qtbot = make_viewer, qtbot
        self._has_plugin = has_plugin
        self.folder, self.complaints = folder, complaints
        self.windows = [self._opened()]
        self.current = self.windows[0]

    @property
    def viewer(self) -> Any:
        """The viewer that steps act on."""
        return self.current.viewer

    @property
    def panel(self) -> Any:
        """Its panel, if it is open."""
        return self.current.panel

    def wait(self, milliseconds: int) -> None:
        """Let Qt handle events for a while."""
        self._qtbot.wait(milliseconds)

    def open_panel(self) -> None:
        """Open the panel, unless it is open."""
        if self.panel is None and self._has_plugin:
            self.current.dock, self.current.panel = self.viewer.window.add_plugin_dock_widget(
                "napari-ifealid", "Feature similarity"
            )

    def close_panel(self, *, by_its_button: bool = False) -> None:
        """Close the panel, as napari's menu does or the button of its dock."""
        window = self.current
        if window.panel is None:
            return
        if by_its_button:
            window.dock.destroyOnClose()
        else:
            window.viewer.window.remove_dock_widget(window.panel)
        window.panel = window.dock = None

    def close_panels(self) -> None:
        """Close the panels of all windows."""
        for window in self.windows:
            self.current = window
            self.close_panel()

    def open_another(self) -> None:
        """Act on another window from now on; there are two of them at most."""
        if len(self.windows) == 1:
            self.windows.append(self._opened())
        self.current = self.windows[1 - self.windows.index(self.current)]
        self.viewer.window.activate()

    def close_another(self) -> None:
        """Close the second window, as it is."""
        for window in self.windows[1:]:
            window.panel = window.dock = None
            window.viewer.close()
        del self.windows[1:]
        self.current = self.windows[0]

    def remember(self, *layers: Layer) -> None:
        """Remember the values of layers of the user's."""
        for layer in layers:
            self.current.users[layer] = np.array(_first(layer))

    def forget(self, layer: Layer) -> None:
        """Know no longer what a layer holds: the user changes it."""
        self.current.users.pop(layer, None)

    def changed_layers(self) -> list[str]:
        """Return the names of the user's layers that hold something else by now."""
        return [
            layer.name
            for window in self.windows
            for layer, values in window.users.items()
            if layer in window.viewer.layers and not _equal(_first(layer), values)
        ]

    def move(self, widget: QWidget, x: float, y: float, button: Any = None) -> None:
        """Move the mouse over a widget, to shares of its width and height."""
        self._send(QEvent.Type.MouseMove, widget, (x, y), button)

    def press(self, widget: QWidget, x: float, y: float, button: Any = None) -> None:
        """Press a button of the mouse, the left one unless given."""
        left = Qt.MouseButton.LeftButton
        self._send(QEvent.Type.MouseButtonPress, widget, (x, y), button or left)

    def release(self, widget: QWidget, x: float, y: float, button: Any = None) -> None:
        """Release a button of the mouse, the left one unless given."""
        left = Qt.MouseButton.LeftButton
        self._send(QEvent.Type.MouseButtonRelease, widget, (x, y), button or left)

    def settle(self) -> None:
        """Wait until nothing is left to do; complain if that never comes."""
        end = perf_counter() + _PATIENCE
        self.wait(_TEXTS)
        while not self._rests():
            if perf_counter() > end:
                self.complaints.add("the window", "it never rests")
                return
            self.wait(5)
        self.wait(_TEXTS)

    def empty(self) -> None:
        """Close and remove all, and have the view as it is at first."""
        self.close_another()
        self.close_panel()
        viewer = self.viewer
        viewer.layers.clear()
        self.current.users.clear()
        viewer.dims.ndisplay, viewer.grid.enabled = 2, False
        viewer.dims.order = tuple(range(viewer.dims.ndim))
        viewer.window.resize(*_SIZE)
        self.let_go()

    def let_go(self) -> None:
        """Wait until no worker runs and Qt has deleted what is to be deleted, and collect."""
        if not QThreadPool.globalInstance().waitForDone(round(1000 * _PATIENCE)):
            self.complaints.add("threads", "a worker never ends")
        for _ in range(2):
            self.wait(20)
            gc.collect()

    def start_anew(self) -> None:
        """Close all windows, and open one."""
        self.close_another()
        self.current.panel = self.current.dock = None
        self.viewer.close()
        self.windows = [self._opened()]
        self.current = self.windows[0]

    def _opened(self) -> OpenWindow:
        before = set(all_canvases())
        viewer = self._make_viewer()
        self.wait(50)
        (canvas,) = set(all_canvases()) - before
        viewer.window.resize(*_SIZE)
        return OpenWindow(viewer, canvas)

    def _rests(self) -> bool:
        panels = [window.panel for window in self.windows if window.panel is not None]
        return QThreadPool.globalInstance().activeThreadCount() == 0 and all(
            panel.explorer.is_idle and not panel.search.is_searching for panel in panels
        )

    @staticmethod
    def _send(kind: QEvent.Type, widget: QWidget, place: tuple[float, float], button: Any) -> None:
        none = Qt.MouseButton.NoButton
        at = QPointF(place[0] * (widget.width() - 1), place[1] * (widget.height() - 1))
        button = button or none
        held = none if kind == QEvent.Type.MouseButtonRelease else button
        cause = none if kind == QEvent.Type.MouseMove else button
        no_key = Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(kind, at, widget.mapToGlobal(at), cause, held, no_key)
        QApplication.sendEvent(widget, event)


def _first(layer: Layer) -> Any:
    """Return the values of a layer, of several scales the largest."""
    return layer.data[0] if getattr(layer, "multiscale", False) else layer.data


def _equal(one: Any, other: np.ndarray) -> bool:
    one = np.asarray(one)
    is_float = np.issubdtype(other.dtype, np.inexact)
    return one.shape == other.shape and np.array_equal(one, other, equal_nan=is_float)
