"""napari's colour bar and controls, which follow a layer's contrast limits, a frame behind the map.

They are updated before the layer is drawn, and laying out the colour bar takes longer than a map
(https://github.com/napari/napari/pull/7832 has the first complaints). So with napari
0.7.0 to 0.9.2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari.layers import Image
from napari.utils.events import EventEmitter


class LateFollowers:
    """Has napari's colour bar and controls follow a layer's contrast limits after the next frame.

    They would delay it, the colour bar by more than the map takes. What draws the layer follows at
    once.

    Parameters
    ----------
    layer : napari Image layer
        One that is in a viewer.
    later : callable
        Calls a function once the next frame is on the screen.
    """

    def __init__(self, layer: Image, later: Callable[[Callable[[], None]], None]) -> None:
        self._limits = layer.events.contrast_limits
        self._later = later
        self._is_due = self._is_closed = False
        self._late = EventEmitter(source=layer, type_name="contrast_limits")
        drawing = [_listener(callback) for callback in layer.events.set_data.callbacks]
        self._moved = [
            callback
            for callback in self._limits.callbacks
            if _listener(callback) not in (None, *drawing)
        ]
        for callback in self._moved:
            self._limits.disconnect(callback)
            self._late.connect(callback)
        self._limits.connect(self._on_limits)

    def close(self) -> None:
        """Restore that they follow at once."""
        self._is_closed = True
        self._limits.disconnect(self._on_limits)
        for callback in self._moved:
            self._limits.connect(callback)

    def _on_limits(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._later(self._emit)

    def _emit(self) -> None:
        self._is_due = False
        if not self._is_closed:
            self._late()


def _listener(callback: Any) -> object:
    """Return the object whose method a callback is, None if there is none any more."""
    return callback[0]() if isinstance(callback, tuple) else None
