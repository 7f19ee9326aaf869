"""Keys and clicks in napari's canvas."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Protocol

from napari.components import ViewerModel

from napari_ifealid.explorer.keys import Keys
from napari_ifealid.explorer.marked_pin import MarkedPin
from napari_ifealid.explorer.pins import Pins
from napari_ifealid.explorer.state import ExplorerState

FOLLOW_KEY = "H"
CLEAR_KEY = "U"
LIBRARY_KEY = "L"
UNDO_KEY = "Control-Z"
SIGN_KEY = "N"
FOLLOW_AGAIN_KEY = "Escape"
ARROW_STEPS = {"Up": (-1, 0), "Down": (1, 0), "Left": (0, -1), "Right": (0, 1)}

KEYS = {
    FOLLOW_KEY: "hold the reference where it is, or follow the cursor again",
    "Arrow keys": "move the reference by one pixel while it is held",
    FOLLOW_AGAIN_KEY: "follow the cursor again",
    CLEAR_KEY: "remove all pins",
    SIGN_KEY: "look for what is unlike the pin under the cursor, or like it again",
    LIBRARY_KEY: "add the pixel under the cursor to the library",
    UNDO_KEY: "take back the last change of the pins",
}
"""Description of each key, for the user."""

_LEFT_BUTTON = 1
_CLICK_SLACK = 3  # canvas pixels that a hand moves during a click


class Explored(Protocol):
    """Receiver of keys and clicks."""

    state: ExplorerState
    pins: Pins
    marked_pin: MarkedPin

    def reaches(self, place: Sequence[float]) -> bool:
        """Return whether there is anything to pin at a place in the world."""

    def toggle_pin(self, place: Sequence[float]) -> None:
        """Pin a place in the world, or remove its pin."""

    def add_to_library(self) -> None:
        """Add the pixel under the cursor to the library."""

    def step(self, down: int, right: int) -> None:
        """Move the reference by so many pixels."""


class Gestures:
    """Binds keys and clicks to an explorer until it is closed.

    The arrow keys and Escape are bound only while the reference is held: otherwise the arrows
    are napari's own, which moves its sliders with them.

    Parameters
    ----------
    viewer : napari viewer
    explorer : Explored
    """

    def __init__(self, viewer: ViewerModel, explorer: Explored) -> None:
        self._viewer = viewer
        self._explorer = explorer
        self._keys = Keys(viewer)
        self._keys.bind(FOLLOW_KEY, self._toggle_following)
        self._keys.bind(CLEAR_KEY, explorer.pins.clear)
        self._keys.bind(LIBRARY_KEY, explorer.add_to_library)
        self._keys.bind(UNDO_KEY, explorer.pins.undo)
        self._keys.bind(SIGN_KEY, explorer.marked_pin.flip)
        viewer.mouse_drag_callbacks.append(self._on_press)
        explorer.state.events.follow.connect(self._on_follow)

    def close(self) -> None:
        """Give keys and clicks back to napari."""
        self._keys.close()
        if self._on_press in self._viewer.mouse_drag_callbacks:
            self._viewer.mouse_drag_callbacks.remove(self._on_press)
        self._explorer.state.events.follow.disconnect(self._on_follow, missing_ok=True)

    def _on_follow(self, follows: bool) -> None:
        keys: dict[str, Callable[[], None]] = {FOLLOW_AGAIN_KEY: self._toggle_following}
        keys |= {key: partial(self._explorer.step, *by) for key, by in ARROW_STEPS.items()}
        for key, action in keys.items():
            if follows:
                self._keys.unbind(key)
            else:
                self._keys.bind(key, action)

    def _toggle_following(self) -> None:
        self._explorer.state.follow = not self._explorer.state.follow

    def _on_press(self, viewer: ViewerModel, event: Any) -> Iterator[None]:
        """Pin the place that is clicked, or take its pin away. A drag does nothing."""
        if event.button != _LEFT_BUTTON or event.modifiers or _has_tool(viewer):
            return
        if not self._explorer.reaches(event.position) or viewer.dims.ndisplay != 2:
            return
        press = getattr(event, "__wrapped__", event)  # napari puts the next event into the wrapper
        place, start = event.position, event.pos
        yield
        while event.type == "mouse_move":
            if max(abs(event.pos[0] - start[0]), abs(event.pos[1] - start[1])) > _CLICK_SLACK:
                return
            yield
        if not (press.handled or event.handled):
            self._explorer.toggle_pin(place)


def _has_tool(viewer: ViewerModel) -> bool:
    """Return whether a click is for a tool of the active layer, such as a brush."""
    active = viewer.layers.selection.active
    return active is not None and str(active.mode) != "pan_zoom"
