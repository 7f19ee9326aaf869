"""Callbacks that are connected until somebody is done."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any


class Connections:
    """Connects callbacks to signals of psygnal and of napari, and disconnects all of them.

    napari's groups of emitters don't reach their emitters when they disconnect, and psygnal's
    groups disconnect only what was connected to the group: each has to be disconnected where it
    was connected.
    """

    def __init__(self) -> None:
        self._made: list[tuple[Any, Callable[..., Any]]] = []

    def connect(self, signal: Any, callback: Callable[..., Any]) -> None:
        """Connect a callback to a signal.

        Parameters
        ----------
        signal : psygnal SignalInstance or napari EventEmitter
        callback : callable
        """
        signal.connect(callback)
        self._made.append((signal, callback))

    @property
    def is_open(self) -> bool:
        """Whether any is connected."""
        return bool(self._made)

    def close(self) -> None:
        """Disconnect all of them."""
        while self._made:
            signal, callback = self._made.pop()
            with suppress(ValueError):  # somebody else was quicker
                signal.disconnect(callback)
