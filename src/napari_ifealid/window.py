"""A napari window with the dock widget open."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import napari
from napari.layers import Layer
from qtpy.QtWidgets import QApplication

from napari_ifealid.errors import short_reason
from napari_ifealid.explorer import AFTER_THE_MAP, Explorer
from napari_ifealid.explorer.feature_axis import proposed_axis_of
from napari_ifealid.explorer.session_restore import restore_session
from napari_ifealid.layers import LayerData
from napari_ifealid.measures import Measure
from napari_ifealid.session_files import SavedSession
from napari_ifealid.stack import FeatureStack

LoadedSession = tuple[SavedSession, list[FeatureStack]]

_SIZE = 1200, 800  # pixels
_FRAME = 40  # pixels of the window's title
_PATIENCE = 120  # seconds until a map is given up


class ExploreError(RuntimeError):
    """Raised if a file or a pixel can't be shown."""


def explore(
    layers: list[LayerData],
    pixel: tuple[int, ...] | None,
    screenshot: Path | None,
    session: LoadedSession | None = None,
    measure: Measure | None = None,
) -> None:
    """Open a window with layers and the dock widget, until the user closes it.

    Parameters
    ----------
    layers : list of layer data
    pixel : tuple of int, optional
        The pixel to compare with first, an index along each spatial axis.
    screenshot : path, optional
        Where to save a picture of the window. It is closed at once then.
    session : (SavedSession, list of FeatureStack), optional
        A session to open, and its stacks.
    measure : Measure, optional
        How pixels are compared at first.

    Raises
    ------
    ExploreError
        If there is no such pixel, or the picture can't be made.
    """
    viewer = napari.Viewer(title="napari-ifealid")
    try:
        viewer.window.resize(*_size())
        for data, arguments, kind in layers:
            viewer.add_layer(Layer.create(data, arguments, kind))
        _, widget = viewer.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
        QApplication.processEvents()  # the dock takes its place
        if session is not None:
            restore_session(widget.explorer, viewer, *session)
            QApplication.processEvents()  # its stack is chosen
        viewer.reset_view()
        if measure is not None:
            widget.explorer.state.measure = measure
        if pixel is not None:
            _show_pixel(widget.explorer, pixel)
        if screenshot is not None:
            _save_picture(viewer, widget.explorer, screenshot)
    except BaseException:
        viewer.close()
        raise
    if screenshot is None:
        napari.run()
    else:
        viewer.close()


def _size() -> tuple[int, int]:
    """Return the size of the window, which is no larger than the screen."""
    screen = QApplication.primaryScreen()
    if screen is None:
        return _SIZE
    room = screen.availableSize()
    return min(_SIZE[0], room.width()), min(_SIZE[1], room.height() - _FRAME)


def _show_pixel(explorer: Explorer, pixel: tuple[int, ...]) -> None:
    _wait_for_map(explorer)
    assert explorer.session is not None
    grid = explorer.session.stack_grid
    if not grid.contains(pixel):
        raise ExploreError(
            f"--at: found pixel {_joined(pixel)}; expected one number for each axis, below "
            f"{_joined(grid.shape)}. Count pixels of the feature map, from 0."
        )
    explorer.show_pixel(pixel)


def _save_picture(viewer: napari.Viewer, explorer: Explorer, path: Path) -> None:
    _wait_for_map(explorer)
    end = monotonic() + 3 * AFTER_THE_MAP
    while monotonic() < end:  # the colour bar, the chart and the texts follow
        QApplication.processEvents()
    try:
        viewer.screenshot(str(path), canvas_only=False, flash=False)
    except (OSError, ValueError) as error:
        raise ExploreError(
            f"the picture can't be written ({short_reason(error)}): {path.name}; expected a "
            "picture file such as demo.png in a folder that exists. Choose another place. "
            f"In full: {path}"
        ) from error


def _wait_for_map(explorer: Explorer) -> None:
    state = explorer.state
    if state.layer is not None and state.feature_axis is None:  # nobody is there to be asked
        state.feature_axis = proposed_axis_of(state.layer)
    end = monotonic() + _PATIENCE
    while not explorer.is_idle:
        QApplication.processEvents()
        if monotonic() > end:
            raise ExploreError(f"no similarity map within {_PATIENCE} seconds. Try again.")
    if explorer.session is None or explorer.session.shown is None:
        raise ExploreError("the features could not be compared: see the message above.")


def _joined(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))
