"""Keys bound to a napari viewer, and the user's own bindings given back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari.components import ViewerModel


class Keys:
    """Binds keys of a viewer. A binding that was there before comes back afterwards.

    Parameters
    ----------
    viewer : napari viewer
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._bound: dict[str, tuple[Callable[[Any], None], Any]] = {}

    def bind(self, key: str, action: Callable[[], None]) -> None:
        """Bind a key to a function, until it is unbound."""
        if key in self._bound:
            return

        def pressed(_: Any) -> None:
            action()

        before = self._viewer.bind_key(key, None, overwrite=True)
        self._viewer.bind_key(key, pressed, overwrite=True)
        self._bound[key] = pressed, before

    def unbind(self, key: str) -> None:
        """Restore the former binding of a key, unless somebody else has bound it meanwhile."""
        if key not in self._bound:
            return
        pressed, before = self._bound.pop(key)
        current = self._viewer.bind_key(key, None, overwrite=True)
        back = before if current is pressed else current
        if back is not None:
            self._viewer.bind_key(key, back, overwrite=True)

    def close(self) -> None:
        """Restore the former bindings of all keys."""
        for key in tuple(self._bound):
            self.unbind(key)
