"""The image right under the map, in grey or in colour, as a layer of the plugin's own."""

from __future__ import annotations

from typing import Any

from napari.components import ViewerModel
from napari.layers import Image, Layer

from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.pictures import Pictures
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.session_image import SessionImage, has_image
from napari_ifealid.explorer.shown_map import remove_layer
from napari_ifealid.explorer.sources import (
    BACKDROP_KEY,
    MAP_KEY,
    OVERVIEW_KEY,
    is_opened_overlay,
)
from napari_ifealid.explorer.state import ExplorerState

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
    pictures : Pictures
        Of stacks without an image.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        state: ExplorerState,
        scheduler: Scheduler,
        pictures: Pictures,
    ) -> None:
        self._viewer = viewer
        self._state = state
        self._scheduler = scheduler
        self._pictures = pictures
        self._layer: Image | None = None
        self._image: SessionImage | None = None
        self._hidden: list[Layer] = []
        self._rests = False
        self._connections = Connections()
        self._session_connections = Connections()
        layers = viewer.layers.events
        self._connections.connect(state.events.overlay_in_colour, self._show_pixels)
        self._connections.connect(pictures.changed, self._on_picture)
        self._connections.connect(layers.inserted, self._hide_overlays)
        self._connections.connect(layers.removed, self._on_removed)

    def show(self, session: Session) -> None:
        """Show the image of a session whose stack is loaded, if it has one that is to be shown.

        Parameters
        ----------
        session : Session
            Its map may be added afterwards.
        """
        if self._rests:
            return
        self._session_connections.close()
        if session.stack is None or not self._is_needed(session):
            self.hide()
            return
        self._image = SessionImage(session, session.stack, self._pictures)
        self._session_connections.connect(session.moved, self._place)
        if self._layer is None:
            self._add()
        else:
            self._show_pixels()
            self._place()
            self._move_under(session.map_layer)
        self._hide_overlays()

    def hide(self) -> None:
        """Show no image, and the overlays again that were hidden."""
        if self._rests:
            return
        self._session_connections.close()
        self._image = None
        for layer in self._hidden:
            layer.visible = True
        self._hidden.clear()
        if self._layer is not None:
            # not now: napari may be in the middle of removing layers
            self._scheduler.soon(self._remove)

    def rest(self) -> None:
        """Change nothing until `wake`: the images are shown elsewhere."""
        self._rests = True

    def wake(self, session: Session | None) -> None:
        """Show the image of a session again, or none."""
        self._rests = False
        if session is None:
            self.hide()
        else:
            self.show(session)

    def close(self) -> None:
        """Stop showing an image."""
        self._rests = False
        self._connections.close()
        self.hide()

    def _move_under(self, shown: Image | None) -> None:
        """Lie right under the map of a session, which may still be to come."""
        layers = self._viewer.layers
        place = _place_under_maps(self._viewer) if shown not in layers else layers.index(shown)
        if layers.index(self._layer) != place - 1:
            layers.move(layers.index(self._layer), place)

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
        self._move_under(self._image.session.map_layer)

    def _remove(self) -> None:
        if self._layer is not None and self._image is None:
            layer, self._layer = self._layer, None
            remove_layer(self._viewer, layer)

    def _show_pixels(self) -> None:
        if self._layer is not None and self._image is not None:
            self._layer.data = self._image.pixels(in_colour=self._state.overlay_in_colour)

    def _on_picture(self, session: Session) -> None:
        if self._image is not None and self._image.session is session:
            self._show_pixels()
            self._place()

    def _place(self) -> None:
        if self._layer is not None and self._image is not None:
            for name, value in self._image.placement.items():
                setattr(self._layer, name, value)

    def _is_needed(self, session: Session) -> bool:
        """Return whether the image of a stack is to be shown by a layer of the plugin's own.

        A photo whose colours are compared is its own image, unless another image covers it.
        """
        if not session.layer.rgb or session.layer not in self._viewer.layers:
            return has_image(session, self._pictures)
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


def _place_under_maps(viewer: ViewerModel) -> int:
    """Return the index above all layers but those maps that lie on top."""
    index = len(viewer.layers)
    while index and MAP_KEY in viewer.layers[index - 1].metadata:
        index -= 1
    return index
