"""The linked stacks, which follow one cursor and one set of references."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from napari.layers import Image, Layer
from psygnal import Signal

from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.same_image import is_same_image, may_be_same_image
from napari_ifealid.explorer.session import Session


class Links:
    """The layers that are linked, and the sessions of those that are not explored.

    A session makes maps only while its map layer is seen: side by side, or when the user shows it.

    Parameters
    ----------
    open_session : callable
        `open_session(layer, axis)` returns a new session, not opened yet.
    """

    changed = Signal()
    """Other stacks are linked, or one that is has been loaded."""

    shown = Signal(bool)
    """Whether the maps of all linked stacks are seen, or that of the explored one only."""

    def __init__(self, open_session: Callable[[Image, int], Session]) -> None:
        self._open_session = open_session
        self._axes: dict[Image, int] = {}
        self._waiting: dict[Image, Session] = {}  # all that are linked but the explored one
        self._connections: dict[Image, Connections] = {}
        self._shows_all = False

    @property
    def layers(self) -> list[Image]:
        """The linked layers, the explored one among them, in the order that they were linked."""
        return list(self._axes)

    @property
    def sessions(self) -> list[Session]:
        """The sessions of the linked layers but for the explored one."""
        return [self._waiting[layer] for layer in self._axes if layer in self._waiting]

    @property
    def shows_all(self) -> bool:
        """Whether the maps of all linked stacks are seen, and not that of the explored one only."""
        return self._shows_all

    @shows_all.setter
    def shows_all(self, shows_all: bool) -> None:
        self._shows_all = shows_all
        for session in self.sessions:
            self._show_or_rest(session)
        self.shown.emit(shows_all)

    def add(self, session: Session) -> None:
        """Link the layer that is explored, too."""
        self._axes.setdefault(session.layer, session.axis)

    def link(self, layer: Image, axis: int) -> Session:
        """Link a layer that is not explored.

        Parameters
        ----------
        layer : napari Image layer
        axis : int
            The one along which its features lie.
        """
        if layer in self._waiting and self._axes[layer] == axis:
            return self._waiting[layer]
        self._close(layer)
        self._axes[layer] = axis
        session = self._open_session(layer, axis)
        self.keep(session)
        session.open()
        self.changed.emit()
        return session

    def unlink(self, layer: Layer) -> None:
        """Let go of a layer; the last one is linked with nothing any more."""
        if layer not in self._axes:
            return
        del self._axes[layer]
        self._close(layer)
        if len(self._axes) == 1 and not self._waiting:
            self._axes.clear()
        self.changed.emit()

    def holds(self, session: Session) -> bool:
        """Return whether the layer of a session is linked, along the same axis."""
        return self._axes.get(session.layer) == session.axis

    def keep(self, session: Session) -> None:
        """Keep the session of a linked layer that is not explored, or no longer."""
        layer = session.layer
        self._waiting[layer] = session
        connections = self._connections[layer] = Connections()
        connections.connect(layer.events.data, partial(self._open_again, layer))
        connections.connect(session.eye_clicked, partial(_follow_the_eye, session))
        self._show_or_rest(session)

    def take(self, layer: Image, axis: int) -> Session | None:
        """Return the session of a linked layer, to be explored; None if there is none.

        Its engine, its preview and its map are kept.
        """
        if layer not in self._waiting or self._axes[layer] != axis:
            self._close(layer)
            if layer in self._axes:
                self._axes[layer] = axis
            return None
        self._connections.pop(layer).close()
        session = self._waiting.pop(layer)
        session.wake()
        return session

    def close(self) -> None:
        """Let go of all of them; their maps are left to the user."""
        self._axes.clear()
        while self._waiting:
            layer, session = self._waiting.popitem()
            self._connections.pop(layer).close()
            session.close(keeps_map=True)

    def _show_or_rest(self, session: Session) -> None:
        if self._shows_all:
            session.wake()
        else:
            session.rest()

    def _open_again(self, layer: Image) -> None:
        """Open the data that the user has put into a layer instead."""
        axis = self._axes[layer]
        self._close(layer)
        self.link(layer, axis)

    def _close(self, layer: Layer) -> None:
        session = self._waiting.pop(layer, None)
        if session is not None:
            self._connections.pop(layer).close()
            session.close()


def is_linked_by_place(session: Session, asking: Session) -> bool:
    """Return whether a place means the same in two sessions, else their vectors do.

    Parameters
    ----------
    session : Session
    asking : Session
        The one that the references are taken in.
    """
    one, other = session.layer, asking.layer
    return is_same_image(one, other) or may_be_same_image(one, other)


def _follow_the_eye(session: Session, is_visible: bool) -> None:
    if is_visible:
        session.wake()
    else:
        session.rest()
