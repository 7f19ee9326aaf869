"""The map layer of a session, made with its first map, and what it shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Layer
from numpy.typing import NDArray
from psygnal import Signal

from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.map_layer import MapLayer
from napari_ifealid.explorer.map_place import MapPlace
from napari_ifealid.explorer.map_request import MapRequest
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.explorer.state import ExplorerState
from napari_ifealid.grid import Region

AFTER_THE_MAP = 0.016
"""Seconds by which all else that follows the cursor is later than the map, about a frame.

Where Qt composes the window in software, each place that has changed delays the frame.
"""


@dataclass(frozen=True)
class Shown:
    """Description of what the map layer shows.

    Parameters
    ----------
    request : MapRequest
    error : float or None
        None for an exact map, for a preview what 95 of 100 values are off by at most; NaN where
        parts are missing.
    """

    request: MapRequest
    error: float | None


class ShownMap:
    """Writes the maps of a session into a layer, and knows of what they are.

    Parameters
    ----------
    viewer : napari viewer
    layer : napari Image layer
        The features.
    place_of : callable
        `place_of()`: where maps lie now. It takes longer than to show one.
    state : ExplorerState
        How maps look.
    scheduler : Scheduler
    """

    eye_clicked = Signal(bool)
    """The map layer has been shown or hidden, and not by `set_visible`."""

    def __init__(
        self,
        viewer: ViewerModel,
        layer: Image,
        place_of: Callable[[], MapPlace],
        state: ExplorerState,
        scheduler: Scheduler,
    ) -> None:
        self._viewer = viewer
        self._features = layer
        self._place_of = place_of
        self._state = state
        self._scheduler = scheduler
        self._map: MapLayer | None = None
        self._shown: Shown | None = None
        self._is_visible = True
        self._connections = Connections()

    @property
    def layer(self) -> Image | None:
        """The layer that the maps are written into."""
        return None if self._map is None else self._map.layer

    @property
    def shown(self) -> Shown | None:
        """Description of what the layer shows; None where that is no map."""
        return self._shown

    @property
    def values(self) -> NDArray[np.float32] | None:
        """A copy of the map, over all of space: NaN where it was not asked for."""
        if self._map is None or self._shown is None:
            return None
        # other slices may still have the preview that was shown there
        values, region = np.full_like(self._map.values, np.nan), self._shown.request.region
        values[region] = self._map.values[region]
        return values

    def seen(self) -> Region | None:
        """Return the pixels of the map that are in view; None where that is not known."""
        layer = self.layer
        if layer is None or layer.ndim != 2:
            return None
        first, last = layer.corner_pixels
        if (last <= first).any():  # not drawn yet
            return None
        return tuple(slice(int(a), int(b) + 1) for a, b in zip(first, last, strict=True))

    @property
    def shown_values(self) -> NDArray[np.float32] | None:
        """The part of the map that was asked for. Not a copy."""
        if self._map is None or self._shown is None:
            return None
        return self._map.values[self._shown.request.region]

    def show(
        self,
        shape: tuple[int, ...],
        name: str,
        request: MapRequest,
        values: NDArray[np.float32],
        error: float | None,
    ) -> None:
        """Show a map.

        Parameters
        ----------
        shape : tuple of int
            Of all pixels that maps are of.
        name : str
            What the layer is called.
        request : MapRequest
            What it is of.
        values : array of float32
            Of the shape of the region that was asked for.
        error : float or None
            See `Shown`.
        """
        if self._map is None:
            self._map = self._new_layer(self._place_of())
        elif shape != self._map.values.shape:
            self.place()
        self._shown = Shown(request, error)
        self._map.show(values, request.region, request.content, request.measure, name)

    def blank(self) -> None:
        """Show no map."""
        self._shown = None
        if self._map is not None:
            self._map.blank()

    def place(self) -> None:
        """Put the layer where maps lie by now, see `MapLayer.move_to`."""
        if self._map is not None:
            self._map.move_to(self._place_of())

    def set_visible(self, is_visible: bool) -> None:
        """Show or hide the layer, now or once it is made."""
        self._is_visible = is_visible
        if self._map is not None:
            self._map.layer.visible = is_visible

    def close(self, *, keeps_map: bool) -> None:
        """Remove the layer, or leave it to the user as it is."""
        self._connections.close()
        self._shown = None
        if self._map is None:
            return
        layer = self._map.layer
        self._map.close(is_kept=keeps_map)
        self._map = None
        if not keeps_map:
            # not now: napari may be in the middle of removing layers
            self._scheduler.soon(partial(remove_layer, self._viewer, layer))

    def _new_layer(self, place: MapPlace) -> MapLayer:
        selected = set(self._viewer.layers.selection)
        made = MapLayer(
            self._viewer,
            self._state,
            place=place,
            source_name=self._features.name,
            later=partial(self._scheduler.later, AFTER_THE_MAP),
        )
        made.layer.visible = self._is_visible
        if not self._is_visible:
            self._viewer.layers.selection = selected
        self._connections.connect(made.layer.events.visible, self._on_visible)
        return made

    def _on_visible(self) -> None:
        layer = self.layer
        if layer is not None and layer.visible != self._is_visible:
            self.eye_clicked.emit(layer.visible)


def remove_layer(viewer: ViewerModel, layer: Layer) -> None:
    """Remove a layer unless it is gone already."""
    if layer in viewer.layers:
        viewer.layers.remove(layer)
