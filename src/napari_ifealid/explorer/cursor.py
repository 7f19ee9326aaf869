"""The place that all pixels are compared with unless pins are: under the cursor, or held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from napari.components import ViewerModel
from psygnal import Signal

from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.state import ExplorerState
from napari_ifealid.grid import Place


class Cursor:
    """Follows the mouse and napari's sliders, unless the place is held.

    Parameters
    ----------
    viewer : napari viewer
    state : ExplorerState
    reaches : callable
        `reaches(place)`: whether there is anything to compare with at a place. The cursor stays
        where it is while the mouse is elsewhere.
    """

    moved = Signal()
    """The place is another one."""

    def __init__(
        self, viewer: ViewerModel, state: ExplorerState, reaches: Callable[[Place], bool]
    ) -> None:
        self._viewer = viewer
        self._state = state
        self._reaches = reaches
        self._place: Place | None = None
        self._is_under_mouse = False
        self._connections = Connections()
        viewer.mouse_move_callbacks.append(self._on_mouse_move)
        for event in (viewer.dims.events.current_step, viewer.dims.events.order):
            self._connections.connect(event, self._on_dims)

    @property
    def place(self) -> Place | None:
        """The place in the world, None before there was any."""
        return self._place

    @property
    def is_under_mouse(self) -> bool:
        """Whether the place is where the mouse was last over the picture."""
        return self._is_under_mouse

    def move_to(self, place: Sequence[float]) -> None:
        """Compare with a place from now on, whether it is held or not."""
        self._is_under_mouse = False
        self._move_to(place)

    def _move_to(self, place: Sequence[float]) -> None:
        place = tuple(float(x) for x in place)
        if place != self._place:
            self._place = place
            self.moved.emit()

    def close(self) -> None:
        """Stop following the mouse."""
        self._connections.close()
        if self._on_mouse_move in self._viewer.mouse_move_callbacks:
            self._viewer.mouse_move_callbacks.remove(self._on_mouse_move)

    def _on_mouse_move(self, _viewer: ViewerModel, event: Any) -> None:
        # not through the viewer passed, a proxy that checks each attribute
        if self._state.follow and self._viewer.dims.ndisplay == 2:
            self._follow(event.position, is_under_mouse=True)

    def _on_dims(self) -> None:
        """Go along with the sliders: the place lies in the slice that is shown."""
        if self._place is None or not self._state.follow:
            return
        dims = self._viewer.dims
        place = [*dims.point[: -len(self._place)], *self._place][-dims.ndim :]
        for axis in dims.not_displayed:
            place[axis] = dims.point[axis]
        self._follow(place, is_under_mouse=self._is_under_mouse)

    def _follow(self, place: Sequence[float], *, is_under_mouse: bool) -> None:
        place = tuple(float(x) for x in place)
        if self._reaches(place):
            self._is_under_mouse = is_under_mouse
            self._move_to(place)
