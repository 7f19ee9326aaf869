"""What is shown of the explored stack beside its map: its image, its pins' axes, its slider."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image

from napari_ifealid.colormaps import base_opacity
from napari_ifealid.explorer.backdrop import Backdrop
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.feature_slider import FeatureSlider
from napari_ifealid.explorer.pictures import Pictures
from napari_ifealid.explorer.pin_frame import PinFrame
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.session_image import has_image
from napari_ifealid.explorer.sources import layer_shape, map_axes
from napari_ifealid.explorer.state import ExplorerState

_PINS_ACROSS = 40  # the map


class Exploration:
    """The session that is explored, with the image and the slider that go with it.

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
        self._backdrop = Backdrop(viewer, state, scheduler, pictures)
        self._slider: FeatureSlider | None = None
        self._session: Session | None = None
        self._connections = Connections()
        self._connections.connect(pictures.chosen, self._on_picture_chosen)

    @property
    def session(self) -> Session | None:
        """The session that is explored."""
        return self._session

    def show(self, session: Session) -> None:
        """Show what goes with a session, whose stack has just been loaded.

        Parameters
        ----------
        session : Session
            It has no map yet, unless it was linked.
        """
        self._session = session
        self._backdrop.show(session)
        self._state.base = base_opacity(has_image=has_image(session, self._pictures))
        if not session.layer.rgb:
            self._slider = FeatureSlider(
                self._viewer,
                session.layer,
                session.axis,
                self._scheduler,
                lambda feature: setattr(self._state, "feature", feature),
            )

    def show_feature(self, feature: int) -> None:
        """Move napari's slider to the feature that is shown."""
        if self._slider is not None:
            self._slider.move_to(feature)

    def rest(self) -> None:
        """Leave the image under the map as it is: those of all linked stacks are shown."""
        self._backdrop.rest()

    def wake(self) -> None:
        """Show the image of the session that is explored again."""
        self._backdrop.wake(self._session)

    def leave(self) -> None:
        """Release the session; its image stays for another stack of the same image."""
        self._session = None
        if self._slider is not None:
            self._slider.close()
            self._slider = None

    def end(self) -> None:
        """Release the session and its image: no other follows."""
        self.leave()
        self._backdrop.hide()

    def close(self) -> None:
        """Stop showing anything."""
        self._connections.close()
        self.leave()
        self._backdrop.close()

    def _on_picture_chosen(self, layer: Image) -> None:
        session = self._session
        if session is None or session.layer is not layer:
            return
        self._backdrop.show(session)
        self._state.base = base_opacity(has_image=has_image(session, self._pictures))


def pin_frame(session: Session) -> PinFrame:
    """Return the axes along which pins of a session have coordinates: those of its map."""
    layer, axis = session.layer, session.axis
    axes = map_axes(layer, axis)
    features = None
    if not layer.rgb and axis in axes:
        ends = np.zeros((2, layer.ndim))
        ends[:, axis] = -0.5, layer_shape(layer)[axis] - 0.5
        low, high = sorted(float(layer.data_to_world(end)[axis]) for end in ends)
        features = axis - layer.ndim, (low + high) / 2.0, high - low
    return PinFrame(
        units=tuple(layer.units[number] for number in axes),
        features=features,
        size=float(np.ptp(session.grid.bounds, axis=0).max()) / _PINS_ACROSS,
    )
