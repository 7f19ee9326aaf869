"""Labels made of a map: the pixels above the threshold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from numpy.typing import NDArray
from psygnal import Signal

from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.map_request import MapRequest
from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.state import ExplorerState
from napari_ifealid.grid import Grid, Pixel
from napari_ifealid.results.regions import RegionMode, threshold_regions

MEASURE_KEY = "napari_ifealid_measure"
"""The metadata of labels made of a map hold at this key by which measure it compares."""


@dataclass(frozen=True, eq=False)
class LabelledMap:
    """The map that labels were made of.

    Parameters
    ----------
    values : array of float32, shape of the spatial axes
    request : SimilarityRequest or FeatureRequest
    grid : Grid
    mode : RegionMode
    reference : tuple of int, optional
        The pixel whose region is labelled, where the mode asks for one.
    """

    values: NDArray[np.float32]
    request: MapRequest
    grid: Grid
    mode: RegionMode
    reference: Pixel | None

    def labels(self, threshold: float) -> NDArray[np.int32]:
        """Return the regions of the values at or above a threshold."""
        return threshold_regions(self.values, threshold, mode=self.mode, reference=self.reference)


class MapLabels:
    """Makes a Labels layer of a map, which follows it and the threshold until it is frozen.

    It is frozen at the latest when the map of another reference is shown: labels belong to the
    reference that they are called after.

    Parameters
    ----------
    viewer : napari viewer
    state : ExplorerState
    """

    changed = Signal()
    """There are other labels, they follow the threshold, or they do no longer."""

    def __init__(self, viewer: ViewerModel, state: ExplorerState) -> None:
        self._viewer = viewer
        self._state = state
        self._layer: Labels | None = None
        self._map: LabelledMap | None = None
        self._session: Session | None = None
        self._connections = Connections()  # while the labels follow the threshold
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def layer(self) -> Labels | None:
        """The labels made last, if they are still there."""
        return self._layer

    @property
    def source(self) -> LabelledMap | None:
        """The map that the labels were made of."""
        return self._map

    @property
    def follows(self) -> bool:
        """Whether the labels follow the threshold: while their map is shown."""
        shown = None if self._session is None else self._session.shown
        return shown is not None and self._map is not None and shown.request == self._map.request

    def make(self, session: Session, mode: RegionMode, reference: Pixel | None, name: str) -> None:
        """Label the map that a session shows.

        Parameters
        ----------
        session : Session
            Its map is an exact one of a similarity.
        mode : RegionMode
        reference : tuple of int, optional
            The pixel whose region is labelled, where the mode asks for one.
        name : str
            Of the layer.
        """
        self.freeze()
        values, shown, image = session.map_values, session.shown, session.map_layer
        if values is None or shown is None or image is None:
            return
        self._map = LabelledMap(values, shown.request, session.grid, mode, reference)
        self._session = session
        self._layer = _layer(session, self._numbers(image.data.shape), name)
        if shown.request.measure is not None:
            self._layer.metadata[MEASURE_KEY] = session.title_of(shown.request.measure)
        layers = self._viewer.layers
        selected = set(layers.selection)
        self._viewer.add_layer(self._layer)
        layers.move(len(layers) - 1, layers.index(image) + 1)  # under the pins
        layers.selection = selected
        self._connections.connect(self._state.events.threshold, self._follow)
        self._connections.connect(session.map_changed, self._on_map)
        self._connections.connect(session.moved, self._place)
        self.changed.emit()

    def freeze(self) -> None:
        """Leave the labels as they are."""
        if self._session is not None:
            self._connections.close()
            self._session = None
            self.changed.emit()

    def close(self) -> None:
        """Leave the labels to the user."""
        self.freeze()
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def _numbers(self, shape: tuple[int, ...]) -> NDArray[np.int32]:
        assert self._map is not None
        return self._map.labels(self._state.threshold).reshape(shape)

    def _follow(self) -> None:
        if self._layer is None or not self.follows:
            self.freeze()
        else:
            self._layer.data = self._numbers(self._layer.data.shape)
            self.changed.emit()

    def _on_map(self) -> None:
        if not self.follows:
            self.freeze()

    def _place(self) -> None:
        """Lie where the map lies by now."""
        session = self._session
        if self._layer is None or self._map is None or session is None:
            return
        if session.grid.shape != self._map.grid.shape:
            self.freeze()  # maps are of other pixels by now
            return
        self._map = replace(self._map, grid=session.grid)
        place_like_map(self._layer, session)
        self.changed.emit()

    def _on_removed(self, event: Any) -> None:
        if event.value is self._layer:
            self._layer = self._map = None
            self.freeze()


def _layer(session: Session, numbers: NDArray[np.int32], name: str) -> Labels:
    """Return a Labels layer that lies where the map of a session lies."""
    return Labels(numbers, name=name, opacity=0.5, **session.map_place.placement)


def place_like_map(layer: Labels, session: Session) -> None:
    """Let a layer of labels lie where the map of a session lies by now."""
    for name, value in session.map_place.placement.items():
        setattr(layer, name, value)
