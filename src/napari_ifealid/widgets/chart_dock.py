"""The chart in a dock of its own."""

from __future__ import annotations

from contextlib import suppress
from enum import Enum

from napari.viewer import Viewer
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QMainWindow

from napari_ifealid.explorer import Explorer
from napari_ifealid.widgets.chart_panel import ChartPanel

_NAME = "Feature chart"
_HEIGHT = 190  # pixels
_CORNER, _AREA = Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea


class _State(Enum):
    WAITING = "for something to draw"
    DOCKED = "in the window"
    CLOSED = "for good"


class ChartDock:
    """Docks the chart at the bottom of the window, and takes it away.

    Meanwhile docks at the right have the whole height of the window, so that controls find room.

    Parameters
    ----------
    explorer : Explorer
    viewer : napari viewer
    """

    def __init__(self, explorer: Explorer, viewer: Viewer) -> None:
        self._viewer = viewer
        self._state = _State.WAITING
        self._area_of_corner = _AREA  # before the chart was shown
        self.panel = ChartPanel(explorer)

    def open(self) -> None:
        """Show the chart, unless it was shown before: the user may have closed it."""
        if self._state is _State.WAITING:
            self._state = _State.DOCKED
            self._viewer.window.add_dock_widget(
                self.panel, name=_NAME, area="bottom", add_vertical_stretch=False
            )
            main, dock = self.panel.window(), self.panel.parentWidget()
            if isinstance(main, QMainWindow) and isinstance(dock, QDockWidget):
                if main.corner(_CORNER) != _AREA:
                    self._area_of_corner = main.corner(_CORNER)
                    main.setCorner(_CORNER, _AREA)
                # else Qt shares the height between the picture and the chart
                main.resizeDocks([dock], [_HEIGHT], Qt.Orientation.Vertical)

    def show(self) -> None:
        """Show the chart also if the user has closed its dock."""
        if self._state is _State.DOCKED and self.panel.parentWidget() is None:
            self._state = _State.WAITING
        self.open()
        if (dock := self.panel.parentWidget()) is not None:
            dock.show()

    def close(self) -> None:
        """Take the chart out of the window, for good."""
        with suppress(RuntimeError):  # Qt has deleted it with the window
            main = self.panel.window()
            if isinstance(main, QMainWindow):
                main.setCorner(_CORNER, self._area_of_corner)
            self.panel.close()
        was_docked, self._state = self._state is _State.DOCKED, _State.CLOSED
        if was_docked:
            # the window may be closing, and have taken its docks away
            with suppress(AttributeError, LookupError, RuntimeError):
                self._viewer.window.remove_dock_widget(self.panel)
