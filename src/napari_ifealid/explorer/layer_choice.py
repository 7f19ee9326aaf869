"""Chooses the layer that is explored when layers are opened, and the axis of its features."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from napari.components import ViewerModel
from napari.layers import Image, Layer

from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.feature_axis import known_axis
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.explorer.sources import has_features, is_feature_layer
from napari_ifealid.explorer.state import ExplorerState


class LayerChoice:
    """Explores stacks once they are opened; remembers the axes that the user has chosen.

    Parameters
    ----------
    viewer : napari viewer
    state : ExplorerState
    scheduler : Scheduler
    """

    def __init__(self, viewer: ViewerModel, state: ExplorerState, scheduler: Scheduler) -> None:
        self._viewer = viewer
        self._state = state
        self._scheduler = scheduler
        self._opened: list[Layer] = []
        self._chosen_axes: dict[Hashable, int] = {}  # by the user, per layer
        self._connections = Connections()
        self._connections.connect(viewer.layers.events.inserted, self._on_inserted)

    def axis_of(self, layer: Image) -> int | None:
        """Return the feature axis that a layer is known to have, or that the user has chosen."""
        chosen = self._chosen_axes.get(layer.unique_id)
        return chosen if chosen is not None and chosen < layer.ndim else known_axis(layer)

    def remember_axis(self, layer: Image, axis: int) -> None:
        """Remember the axis that the user has chosen for a layer."""
        self._chosen_axes[layer.unique_id] = axis

    def close(self) -> None:
        """Choose no layer any more."""
        self._connections.close()
        self._opened.clear()  # the choice among them may still be to come

    def _on_inserted(self, event: Any) -> None:
        if has_features(event.value):
            self._opened.append(event.value)
            # a reader adds several layers, and the choice is made among all of them
            self._scheduler.soon(self._choose)

    def _choose(self) -> None:
        opened = [layer for layer in self._opened if layer in self._viewer.layers]
        self._opened.clear()
        stacks = [layer for layer in opened if is_feature_layer(layer)]
        if stacks:
            self._state.layer = stacks[0]
        elif opened and self._state.layer is None:
            self._state.layer = opened[0]
