"""The original image right under the map, in grey or in colour, as a layer of the plugin's own."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Layer
from numpy.typing import NDArray

from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.explorer.session import Session, remove_layer
from napari_ifealid.explorer.sources import (
    BACKDROP_KEY,
    MAP_KEY,
    OVERVIEW_KEY,
    full_data,
    is_opened_overlay,
)
from napari_ifealid.explorer.state import ExplorerState
from napari_ifealid.layers import default_grid
from napari_ifealid.luminance import grey_image
from napari_ifealid.stack import FeatureStack

BACKDROP_NAME = "image under the map"


class Backdrop:
    """Shows the image that belongs to the explored stack, and no other, right under its map.

    It is a layer of the plugin's own, so that nothing is written into the user's; overlays that
    were opened along with stacks are hidden meanwhile.

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
        self._layer: Image | None = None
        self._image: _Image | None = None
        self._hidden: list[Layer] = []
        self._connections = Connections()
        self._session_connections = Connections()
        layers = viewer.layers.events
        self._connections.connect(state.events.overlay_in_colour, self._show_pixels)
        self._connections.connect(layers.inserted, self._hide_overlays)
        self._connections.connect(layers.removed, self._on_removed)

    def show(self, session: Session) -> None:
        """Show the image of a session whose stack is loaded, if it has one that is to be shown.

        Parameters
        ----------
        session : Session
            Its map is added afterwards.
        """
        self._session_connections.close()
        if session.stack is None or not self._is_needed(session, session.stack):
            self.hide()
            return
        self._image = _Image(session, session.stack)
        self._session_connections.connect(session.moved, self._place)
        if self._layer is None:
            self._add()
        else:
            self._show_pixels()
            self._place()
            self._viewer.layers.move(
                self._viewer.layers.index(self._layer), _place_under_maps(self._viewer)
            )
        self._hide_overlays()

    def hide(self) -> None:
        """Show no image, and the overlays again that were hidden."""
        self._session_connections.close()
        self._image = None
        for layer in self._hidden:
            layer.visible = True
        self._hidden.clear()
        if self._layer is not None:
            # not now: napari may be in the middle of removing layers
            self._scheduler.soon(self._remove)

    def close(self) -> None:
        """Stop showing an image."""
        self._connections.close()
        self.hide()

    def _add(self) -> None:
        assert self._image is not None
        # made here, since what a plugin's viewer makes comes in a slow wrapper
        self._layer = Image(
            self._image.pixels(in_colour=self._state.overlay_in_colour),
            name=BACKDROP_NAME,
            metadata={BACKDROP_KEY: True},
            rgb=True,
            multiscale=False,
            **self._image.placement,
        )
        self._viewer.layers.insert(_place_under_maps(self._viewer), self._layer)

    def _remove(self) -> None:
        if self._layer is not None and self._image is None:
            layer, self._layer = self._layer, None
            remove_layer(self._viewer, layer)

    def _show_pixels(self) -> None:
        if self._layer is not None and self._image is not None:
            self._layer.data = self._image.pixels(in_colour=self._state.overlay_in_colour)

    def _place(self) -> None:
        if self._layer is not None and self._image is not None:
            for name, value in self._image.placement.items():
                setattr(self._layer, name, value)

    def _is_needed(self, session: Session, stack: FeatureStack) -> bool:
        """Return whether the image of a stack is to be shown by a layer of the plugin's own.

        A photo whose colours are compared is its own image, unless another image covers it.
        """
        if not session.layer.rgb or session.layer not in self._viewer.layers:
            return stack.overlay is not None
        above = list(self._viewer.layers)[self._viewer.layers.index(session.layer) + 1 :]
        return session.layer.ndim == 2 and any(
            isinstance(layer, Image)
            and (layer.visible or layer in self._hidden)
            and not {MAP_KEY, BACKDROP_KEY, OVERVIEW_KEY} & layer.metadata.keys()
            for layer in above
        )

    def _hide_overlays(self) -> None:
        """Hide the images that were opened along with stacks, but for one that is explored."""
        if self._image is None:
            return
        explored = self._state.layer
        for layer in self._viewer.layers:
            if is_opened_overlay(layer) and layer.visible and layer != explored:
                layer.visible = False
                self._hidden.append(layer)
        if explored is not None and explored in self._hidden:
            self._hidden.remove(explored)
            explored.visible = True

    def _on_removed(self, event: Any) -> None:
        if self._layer is not None and event.value == self._layer:
            self._layer = None
            self.hide()


class _Image:
    """The image that belongs to a session's stack."""

    def __init__(self, session: Session, stack: FeatureStack) -> None:
        self._session = session
        self._stack = stack
        self._colours = _pixels_of(session, stack)

    def pixels(self, *, in_colour: bool) -> NDArray[Any]:
        """Return the picture to show. A photo whose colours are compared is never in grey."""
        is_grey = self._stack.overlay is not None and not in_colour
        return _grey(self._colours) if is_grey else self._colours

    @property
    def placement(self) -> dict[str, Any]:
        """Where it lies: it moves along with the features."""
        affine = self._session.grid.affine
        if self._stack.overlay is not None:
            affine = affine @ np.linalg.inv(default_grid(self._stack).affine)
        kept, units = [-3, -2, -1], self._session.layer.units
        return {
            "affine": np.array(affine)[np.ix_(kept, kept)],
            "units": tuple(units[axis] for axis in self._session.grid.axes[-2:]),
        }


def _pixels_of(session: Session, stack: FeatureStack) -> NDArray[Any]:
    if stack.overlay is not None:
        return stack.overlay
    return np.asarray(full_data(session.layer))


def _place_under_maps(viewer: ViewerModel) -> int:
    """Return the index above all layers but those maps that lie on top."""
    index = len(viewer.layers)
    while index and MAP_KEY in viewer.layers[index - 1].metadata:
        index -= 1
    return index


def _grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(grey_image(image)[..., np.newaxis], 3, axis=-1)
