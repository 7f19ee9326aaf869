"""The value of the map under the mouse, while the mouse is not the reference itself."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from napari.components import ViewerModel
from psygnal import Signal

from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.explorer import Explorer
from napari_ifealid.explorer.map_request import ReferenceMode, SimilarityRequest
from napari_ifealid.explorer.session import Session
from napari_ifealid.query import Origin


class MouseValue:
    """Tells the value of the explored stack's map where the mouse is.

    There is none where the cursor is compared with and follows the mouse, for that value is always
    the same.

    Parameters
    ----------
    viewer : napari viewer
    explorer : Explorer
    """

    moved = Signal()
    """The mouse is elsewhere, and so the value may be another one."""

    changed = Signal()
    """The value may be another one, or gone, where the mouse is."""

    def __init__(self, viewer: ViewerModel, explorer: Explorer) -> None:
        self._viewer = viewer
        self._explorer = explorer
        self._state = explorer.state
        self._place: Sequence[float] | None = None
        self._is_pointing = False
        self._connections = Connections()
        viewer.mouse_move_callbacks.append(self._on_mouse_move)
        events = explorer.state.events
        for signal, callback in (
            (explorer.asked_anew, self._on_asked),
            (explorer.map_changed, self._on_map),
            (explorer.stack_changed, self.changed.emit),
            (events.follow, self.changed.emit),
            (events.reference, self.changed.emit),
            (events.feature, self.changed.emit),
            (events.engine, self.changed.emit),
            (viewer.events.mouse_over_canvas, self._on_viewer),
            (viewer.dims.events.ndisplay, self._on_viewer),
        ):
            self._connections.connect(signal, callback)
        self._on_viewer()

    @property
    def value(self) -> float | None:
        """The value; None where there is none, or where the map is not yet that of what is asked.

        Of a preview it is the preview's.
        """
        session, place = self._explorer.session, self._place
        if place is None or session is None or not self._is_pointing or session.is_behind:
            return None
        if self._state.follow and _is_of_cursor(session):
            return None
        return _value_at(session, place)

    def close(self) -> None:
        """Stop following the mouse."""
        self._connections.close()
        self._place = None
        if self._on_mouse_move in self._viewer.mouse_move_callbacks:
            self._viewer.mouse_move_callbacks.remove(self._on_mouse_move)

    @property
    def _is_reference(self) -> bool:
        """Whether the mouse is what is compared with, whatever else there is."""
        return self._state.follow and self._state.reference is ReferenceMode.CURSOR

    def _on_viewer(self) -> None:
        # kept, since a plugin's viewer takes longer to tell it than all else here
        viewer = self._viewer
        self._is_pointing = viewer.mouse_over_canvas and viewer.dims.ndisplay == 2
        self.changed.emit()

    def _on_mouse_move(self, _viewer: ViewerModel, event: Any) -> None:
        self._place = event.position
        if not self._is_reference:
            self.moved.emit()

    def _on_asked(self) -> None:
        session = self._explorer.session
        if not self._is_reference and session is not None and session.is_behind:
            self.changed.emit()

    def _on_map(self) -> None:
        if not self._is_reference:
            self.changed.emit()


def _is_of_cursor(session: Session) -> bool:
    """Return whether the map that is shown compares with what is under the cursor."""
    request = None if session.shown is None else session.shown.request
    return isinstance(request, SimilarityRequest) and any(
        reference.origin is Origin.CURSOR for reference in request.query.references
    )


def _value_at(session: Session, place: Sequence[float]) -> float | None:
    """Return the value that the map shows at a place in the world, if it has one there."""
    shown, values = session.shown, session.shown_values
    pixel = session.grid.pixel_at(place)
    if values is None or shown is None or pixel is None:
        return None
    if not isinstance(shown.request, SimilarityRequest):
        return None
    index = []
    for number, part in zip(pixel, shown.request.region, strict=True):
        if not part.start <= number < part.stop:
            return None
        index.append(number - part.start)
    value = float(values.item(*index))
    return value if isfinite(value) else None
