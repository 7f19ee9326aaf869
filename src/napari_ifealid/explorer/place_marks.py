"""Marks of the best places in the picture of the explored stack."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Points

from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.exploration import pin_frame
from napari_ifealid.explorer.explorer import Explorer
from napari_ifealid.explorer.place_search import FoundPlace, PlaceSearch
from napari_ifealid.explorer.shown_map import remove_layer

PLACES_KEY = "napari_ifealid_best_places"
"""The metadata of the layer of best places hold this key."""

_NAME = "best places"
_DIAMETERS = (4.0, 20.0)  # pixels on the screen; half of the first is vispy's narrowest border
_SIZE = 4.0  # of a pin


class PlaceMarks:
    """Marks what was found in the explored stack, each place with its value.

    Parameters
    ----------
    viewer : napari viewer
    explorer : Explorer
    search : PlaceSearch
    """

    def __init__(self, viewer: ViewerModel, explorer: Explorer, search: PlaceSearch) -> None:
        self._viewer = viewer
        self._explorer = explorer
        self._search = search
        self._shown: list[FoundPlace] = []
        self._layer: Points | None = None
        self._connections = Connections()
        for signal in (search.changed, explorer.stack_changed, explorer.links.shown):
            self._connections.connect(signal, self._on_change)
        self._connections.connect(viewer.layers.events.removed, self._on_removed)
        self._is_closed = False

    @property
    def layer(self) -> Points | None:
        """The layer of the marks, if there are any."""
        return self._layer

    def close(self) -> None:
        """Remove the marks."""
        self._is_closed = True
        self._connections.close()
        self._remove()

    def _on_change(self) -> None:
        """Hide marks that hold no more, and show the others once what happens now is over.

        Not at once: the user may be removing the marks in the same stroke as the stack.
        """
        if self._layer is not None and self._places != self._shown:
            self._layer.visible = False
        self._explorer.soon(self._show)

    @property
    def _places(self) -> list[FoundPlace]:
        explorer = self._explorer
        is_alone = explorer.state.layer is not None and not explorer.links.shows_all
        return self._search.places_in(explorer.state.layer) if is_alone else []

    def _show(self) -> None:
        places = self._places
        if self._is_closed or places == self._shown:
            return
        self._remove()
        self._shown = places
        if places and self._explorer.session is not None:
            self._add(places)

    def _add(self, places: list[FoundPlace]) -> None:
        session = self._explorer.session
        assert session is not None
        frame = pin_frame(session)
        rows = np.array([frame.row(one.place, self._viewer.dims.point) for one in places])
        self._layer = Points(
            rows,
            name=_NAME,
            metadata={PLACES_KEY: True},
            features={"similarity": [one.value for one in places]},
            text={
                "string": "{similarity:.3f}",
                "anchor": "upper_left",
                "translation": frame.size * np.eye(rows.shape[1])[-1],  # beside the star
                "color": "white",
                "size": 9,
            },
            symbol="star",
            size=_SIZE * frame.size,
            canvas_size_limits=_DIAMETERS,
            face_color="yellow",
            border_color="black",
            border_width=0.05,
            **frame.placement,
        )
        selected = set(self._viewer.layers.selection)
        self._viewer.add_layer(self._layer)
        self._viewer.layers.selection = selected

    def _remove(self) -> None:
        layer, self._layer, self._shown = self._layer, None, []
        if layer is not None:
            remove_layer(self._viewer, layer)

    def _on_removed(self, event: Any) -> None:
        if self._layer is not None and event.value is self._layer:
            self._layer = None
