"""Keys and clicks in napari's canvas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from napari.components import ViewerModel
from napari.layers import Points

if TYPE_CHECKING:
    from napari_ifealid.explorer.explorer import Explorer

FOLLOW_KEY = "H"
CLEAR_KEY = "U"
UNDO_KEY = "Control-Z"
FOLLOW_AGAIN_KEY = "Escape"
ARROW_STEPS = {"Up": (-1, 0), "Down": (1, 0), "Left": (0, -1), "Right": (0, 1)}

KEYS = {
    FOLLOW_KEY: "hold the reference where it is, or follow the cursor again",
    "Arrow keys": "move the reference by one pixel while it is held",
    FOLLOW_AGAIN_KEY: "follow the cursor again",
    CLEAR_KEY: "remove all pins",
    UNDO_KEY: "take back the last change of the pins",
}
"""What each key does, for the user."""

_LEFT_BUTTON = 1
_CLICK_SLACK = 3  # canvas pixels that a hand moves during a click


class Gestures:
    """Binds keys and clicks to an explorer until it is closed.

    The arrow keys and Escape are bound only while the reference is held: otherwise the arrows
    are napari's own, which moves its sliders with them.

    Parameters
    ----------
    viewer : napari viewer
    explorer : Explorer
    """

    def __init__(self, viewer: ViewerModel, explorer: Explorer) -> None:
        self._viewer = viewer
        self._explorer = explorer
        self._bound: set[str] = set()
        self._bind(FOLLOW_KEY, self._toggle_following)
        self._bind(CLEAR_KEY, explorer.pins.clear)
        self._bind(UNDO_KEY, explorer.pins.undo)
        viewer.mouse_drag_callbacks.append(self._on_press)
        explorer.state.events.follow.connect(self._on_follow)

    def close(self) -> None:
        """Give keys and clicks back to napari."""
        for key in tuple(self._bound):
            self._unbind(key)
        if self._on_press in self._viewer.mouse_drag_callbacks:
            self._viewer.mouse_drag_callbacks.remove(self._on_press)
        self._explorer.state.events.follow.disconnect(self._on_follow)

    def _on_follow(self, follows: bool) -> None:
        keys: dict[str, Callable[[], None]] = {FOLLOW_AGAIN_KEY: self._toggle_following}
        keys |= {key: partial(self._step, key) for key in ARROW_STEPS}
        for key, action in keys.items():
            if follows:
                self._unbind(key)
            else:
                self._bind(key, action)

    def _toggle_following(self) -> None:
        self._explorer.state.follow = not self._explorer.state.follow

    def _step(self, key: str) -> None:
        explorer = self._explorer
        if explorer.pixel is None or explorer.stack is None:
            return
        *others, row, column = explorer.pixel
        height, width = explorer.stack.spatial_shape[-2:]
        down, right = ARROW_STEPS[key]
        row, column = min(max(row + down, 0), height - 1), min(max(column + right, 0), width - 1)
        explorer.show_pixel((*others, row, column))

    def _on_press(self, viewer: ViewerModel, event: Any) -> Iterator[None]:
        """Pin the pixel that is clicked, or take its pin away. A drag does nothing."""
        pixel = self._explorer.pixel_at(event.position)
        if pixel is None or event.button != _LEFT_BUTTON or event.modifiers:
            return
        if _is_edited(viewer):
            return  # a click adds or selects a point, as napari's tools do
        start = event.pos
        yield
        while event.type == "mouse_move":
            if max(abs(event.pos[0] - start[0]), abs(event.pos[1] - start[1])) > _CLICK_SLACK:
                return
            yield
        self._explorer.pins.toggle(pixel)

    def _bind(self, key: str, action: Callable[[], None]) -> None:
        self._viewer.bind_key(key, lambda _: action(), overwrite=True)
        self._bound.add(key)

    def _unbind(self, key: str) -> None:
        if key in self._bound:
            self._viewer.bind_key(key, None, overwrite=True)
            self._bound.discard(key)


def _is_edited(viewer: ViewerModel) -> bool:
    """Tell whether one of napari's tools for points is in hand."""
    active = viewer.layers.selection.active
    return isinstance(active, Points) and str(active.mode) != "pan_zoom"
