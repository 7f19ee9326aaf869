"""A ring around the reference while the mouse does not show where it is."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Points

from napari_ifealid.explorer.asked import AskedKind
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.exploration import pin_frame
from napari_ifealid.explorer.explorer import Explorer

RING_KEY = "napari_ifealid_reference"
"""The metadata of the ring's layer hold this key."""

_NAME = "current reference"
_DIAMETERS = (4.0, 18.0)  # pixels on the screen
_SIZE = 3.0  # of a pin, so that it is as large as it may be
_INSIDE = (0.0, 0.0, 0.0, 0.3)  # else white on white, the reference's own colour


class ReferenceRing:
    """Marks the reference in the picture when it is held, or was not chosen with the mouse.

    Its layer is made when it is needed first. A user may remove it: it comes back when the
    reference is another one.

    Parameters
    ----------
    viewer : napari viewer
    explorer : Explorer
    """

    def __init__(self, viewer: ViewerModel, explorer: Explorer) -> None:
        self._viewer = viewer
        self._explorer = explorer
        self._layer: Points | None = None
        self._connections = Connections()
        events = explorer.state.events
        for signal in (
            explorer.cursor.moved,
            explorer.stack_changed,
            explorer.moved,
            explorer.pins.changed,
            explorer.source_changed,
            events.follow,
            events.reference,
            explorer.links.shown,
        ):
            self._connections.connect(signal, self._show)
        self._connections.connect(explorer.map_changed, self._raise)
        self._connections.connect(viewer.layers.events.removed, self._on_removed)
        self._show()

    @property
    def layer(self) -> Points | None:
        """The layer of the ring, if there is one."""
        return self._layer

    def close(self) -> None:
        """Remove the ring."""
        self._connections.close()
        self._remove()

    def _show(self) -> None:
        place = self._explorer.cursor.place
        if place is not None and self._is_needed():
            self._show_at(place)
        elif self._layer is not None and self._layer.visible:
            self._layer.visible = False

    def _is_needed(self) -> bool:
        explorer, asked = self._explorer, self._explorer.asked
        if explorer.links.shows_all or explorer.asking is not explorer.session:
            return False  # a cross-hair is in each picture; or it lies in another one
        is_seen = explorer.state.follow and explorer.cursor.is_under_mouse
        if is_seen or asked is None or explorer.is_outside:
            return False
        return asked.kind is AskedKind.CURSOR

    def _show_at(self, place: tuple[float, ...]) -> None:
        session = self._explorer.session
        assert session is not None
        frame = pin_frame(session)
        row = frame.row(place, self._viewer.dims.point)
        if self._layer is not None and self._layer.ndim != len(row):
            self._remove()
        if self._layer is None:
            self._create(row, frame.size, frame.placement)
            return
        self._layer.data = np.array([row])
        self._layer.visible = True
        self._raise()

    def _create(self, row: list[float], size: float, placement: dict[str, Any]) -> None:
        self._layer = Points(
            np.array([row]),
            name=_NAME,
            metadata={RING_KEY: True},
            symbol="disc",
            size=_SIZE * size,
            canvas_size_limits=_DIAMETERS,
            face_color=[_INSIDE],
            border_color="white",
            border_width=0.15,
            **placement,
        )
        selected = set(self._viewer.layers.selection)
        self._viewer.add_layer(self._layer)
        self._viewer.layers.selection = selected
        self._raise()

    def _raise(self) -> None:
        """Lie above the map, which is made anew for each stack."""
        layers, image = self._viewer.layers, self._explorer.map_layer
        if self._layer is None or not self._layer.visible or image not in layers:
            return
        index = layers.index(self._layer)
        if index < layers.index(image):
            layers.move(index, len(layers))

    def _remove(self) -> None:
        layer, self._layer = self._layer, None
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

    def _on_removed(self, event: Any) -> None:
        if event.value is self._layer:
            self._layer = None
