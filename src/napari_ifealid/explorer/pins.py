"""Pinned references in a napari Points layer: places in the world."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Layer, Points
from psygnal import Signal

from napari_ifealid.explorer.above_maps import show_above_maps
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.palette import ColoursInUse, next_colour
from napari_ifealid.explorer.pin_frame import PinFrame
from napari_ifealid.grid import Grid, Place

PINS_KEY = "pinned_references"
"""The metadata of a layer of pins hold this key."""

PINS_NAME = "references"

_BORDER, _EMPHASISED = 0.2, 0.501
"""Widths of the white borders, as parts of the diameter; nobody else chooses the second."""

_MOST_UNDONE = 100

_DIAMETERS = (4.0, 12.0)  # pixels on the screen; half of the first is vispy's narrowest border

# pasting emits nothing but `set_data`, and dragging nothing but `features`
_CHANGES = ("data", "features", "set_data", "face_color", "current_face_color", "symbol")

_LIKE, _UNLIKE = "disc", "x"
"""Symbols of new pins. Of others that the user chooses, only the second one is unlike."""


@dataclass(frozen=True)
class Pin:
    """A place that is a reference.

    Parameters
    ----------
    place : tuple of float
        In the world, with at least one coordinate for each axis of the pins' layer.
    colour : str
        As in ``"#e69f00"``.
    sign : {1, -1}
        1: pixels like it are looked for; -1: pixels unlike it. It is a cross then, napari's "x".
    """

    place: Place
    colour: str
    sign: int = 1


class Pins:
    """Pins places, and follows what the user does to them in their napari layer.

    The layer is made at the first pin. It has the only list of pins: its points can be added,
    moved, recoloured, deleted and saved with napari's own tools. Where it has fewer axes than
    another stack of which a pin is, the pin keeps its coordinates along the others.

    Parameters
    ----------
    viewer : napari viewer
    colours : ColoursInUse, optional
        New pins get colours that no other source uses.
    """

    changed = Signal()
    """Emitted when the places, their colours or their signs have changed."""

    def __init__(self, viewer: ViewerModel, colours: ColoursInUse | None = None) -> None:
        self._viewer = viewer
        self._colours = colours or ColoursInUse()
        self._colours.add(self)
        self._frame: PinFrame | None = None
        self._layer: Points | None = None
        self._point_count = 0  # of the layer, those that have got their colours
        self._pins: list[Pin] = []
        self._history: deque[list[Pin]] = deque(maxlen=_MOST_UNDONE)
        self._moved: int | None = None  # the pin that the last change moved
        self._width = _BORDER  # of the pin that stands out, else
        self._connections = Connections()  # to the layer
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def layer(self) -> Points | None:
        """The layer of the pins, if there is one."""
        return self._layer

    @property
    def pins(self) -> list[Pin]:
        """All pins in the layer's order, but for points without a place."""
        return list(self._pins)

    @property
    def colours(self) -> list[str]:
        """The colour of each pin."""
        return [pin.colour for pin in self._pins]

    def show_in(self, frame: PinFrame) -> None:
        """Show pins along these axes from now on. Existing pins keep their places.

        A layer of pins that was left behind by an explorer closed before is taken over.

        Parameters
        ----------
        frame : PinFrame
        """
        before, self._frame = self._frame, frame
        if self._layer is None:
            self._take_over(frame)
        elif not frame.is_like(before):
            pins, layer = self.pins, self._layer
            self._connections.close()
            self._layer = None
            self._viewer.layers.remove(layer)
            if pins:
                self._create(frame, pins)
            self._tell(pins)
        self.show_above_maps()

    def toggle(self, place: Sequence[float], grid: Grid) -> None:
        """Pin a place, or remove the pins on the same pixel.

        Parameters
        ----------
        place : sequence of float
            In the world.
        grid : Grid
            Whose pixels are meant.

        Raises
        ------
        ValueError
            If the place is outside of the grid, or `show_in` was not called before.
        """
        pixel = grid.pixel_at(place)
        if pixel is None or self._frame is None:
            raise ValueError(
                f"The place {tuple(place)} is outside of the feature map of shape {grid.shape}: "
                "pin one inside of it, after show_in() was called."
            )
        if self._layer is None:
            colour = next_colour(self._colours.beside(self))
            self._create(self._frame, [Pin(tuple(map(float, place)), colour)])
            self._tell()
            return
        found = [n for n, at in enumerate(self._places()) if grid.pixel_at(at) == pixel]
        if found:
            self._layer.remove(found)
        else:
            self._append(self._frame.row(place, self._viewer.dims.point))

    def set_sign(self, index: int, sign: int) -> None:
        """Look for pixels like a pin, or for pixels unlike it.

        Parameters
        ----------
        index : int
            Among `pins`.
        sign : {1, -1}
        """
        if self._layer is not None and self._pins[index].sign != sign:
            symbols = [str(symbol) for symbol in self._layer.symbol]
            symbols[self._rows_of_pins()[index]] = _LIKE if sign > 0 else _UNLIKE
            self._layer.symbol = symbols

    def remove(self, pin: Pin) -> None:
        """Remove a pin."""
        if self._layer is not None and pin in self._pins:
            self._layer.remove([self._rows_of_pins()[self._pins.index(pin)]])

    def clear(self) -> None:
        """Remove all pins."""
        if self._layer is not None:
            self._layer.remove(list(range(len(self._layer.data))))

    def replace(self, pins: Sequence[Pin]) -> None:
        """Have other pins instead, which `undo` takes back at once.

        Parameters
        ----------
        pins : sequence of Pin
            `show_in` was called before.
        """
        if self._frame is not None and list(pins) != self._pins:
            history = self._history.copy()
            history.append(self._pins)
            self._restore(self._frame, list(pins))
            self._history, self._moved = history, None

    def undo(self) -> None:
        """Undo the last change of any kind, up to 100 of them; dragging a pin is one change."""
        if self._history and self._frame is not None:
            pins = self._history.pop()
            kept = self._history.copy()
            self._restore(self._frame, pins)
            self._history, self._moved = kept, None

    def emphasise(self, index: int | None) -> None:
        """Let a pin stand out by a wide border.

        Parameters
        ----------
        index : int or None
            Among `pins`. None: none of them.
        """
        layer = self._layer
        if layer is None or len(layer.border_width) != len(layer.data):
            return  # napari is in the middle of a change
        widths = np.array(layer.border_width, float)
        widths[np.isclose(widths, _EMPHASISED)] = self._width  # points may have come and gone
        if index is not None:
            row = self._rows_of_pins()[index]
            self._width = float(widths[row])
            widths[row] = _EMPHASISED
        if not np.array_equal(widths, layer.border_width):
            layer.border_width = widths

    def close(self) -> None:
        """Leave the layer to the user as it is."""
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._leave()

    def _restore(self, frame: PinFrame, pins: list[Pin]) -> None:
        if self._layer is not None:
            with self._unfollowed(self._layer):
                self._layer.data = self._rows(frame, pins)
                self._point_count = len(pins)
                if pins:
                    self._layer.face_color = [pin.colour for pin in pins]
                    self._layer.symbol = _symbols(pins)
        elif pins:
            self._create(frame, pins)
        self._tell(pins)

    def _rows(self, frame: PinFrame, pins: Sequence[Pin]) -> np.ndarray[Any, Any]:
        rows = [frame.row(pin.place, self._viewer.dims.point) for pin in pins]
        return np.reshape(np.array(rows, float), (-1, len(frame.units)))

    def _places(self) -> list[Place]:
        """Return the place of each point, also of those without one."""
        if self._layer is None:
            return []
        return [tuple(map(float, self._layer.data_to_world(row))) for row in self._layer.data]

    def _rows_of_pins(self) -> list[int]:
        """Return the row of each pin in the layer."""
        return [row for row, place in enumerate(self._places()) if np.isfinite(place).all()]

    def _append(self, row: list[float]) -> None:
        """Add a point that is looked for, whatever symbol the user's own points get next."""
        layer = self._layer
        assert layer is not None
        with self._unfollowed(layer):
            # not with add(), which would select the point
            layer.data = np.vstack([layer.data, row])
            layer.symbol = [*(str(symbol) for symbol in layer.symbol[:-1]), _LIKE]
        self._follow()

    @contextmanager
    def _unfollowed(self, layer: Points) -> Iterator[None]:
        """Follow nothing until several changes are made, which are one to the user."""
        with ExitStack() as blocked:
            for name in _CHANGES:
                blocked.enter_context(getattr(layer.events, name).blocker(self._follow))
            yield

    def _point_signs(self) -> list[int]:
        if self._layer is None:
            return []
        return [-1 if str(symbol) == _UNLIKE else 1 for symbol in self._layer.symbol]

    def _point_colours(self) -> list[str]:
        if self._layer is None:
            return []
        levels = np.round(np.asarray(self._layer.face_color)[:, :3] * 255.0).astype(np.uint8)
        return [f"#{level.tobytes().hex()}" for level in levels]

    def _take_over(self, frame: PinFrame) -> None:
        for layer in self._viewer.layers:
            if _is_left_behind(layer, frame):
                self._connect(layer)
                self._tell()
                return

    def _create(self, frame: PinFrame, pins: Sequence[Pin]) -> None:
        # made here, since what a plugin's viewer makes comes in a slow wrapper
        layer = Points(
            self._rows(frame, pins),  # whole numbers would lag behind the cursor in a drag
            name=PINS_NAME,
            metadata={PINS_KEY: True},
            symbol=_symbols(pins),
            size=frame.size,
            canvas_size_limits=_DIAMETERS,
            face_color=[pin.colour for pin in pins],
            border_color="white",
            border_width=_BORDER,
            **frame.placement,
        )
        selected = set(self._viewer.layers.selection)
        self._viewer.add_layer(layer)
        self._viewer.layers.selection = selected
        self._connect(layer)

    def _connect(self, layer: Points) -> None:
        self._layer = layer
        self._point_count = len(layer.data)
        for name in _CHANGES:
            self._connections.connect(getattr(layer.events, name), self._follow)

    def _leave(self) -> None:
        self._connections.close()
        self._layer = None
        self._tell()

    def show_above_maps(self) -> None:
        """Lie above the map and what is under it, which are made anew for each stack."""
        show_above_maps(self._viewer, self._layer)

    def _on_removed(self, event: Any) -> None:
        if self._layer is not None and event.value == self._layer:
            self._leave()

    def _follow(self) -> None:
        """Give new points their colours, and emit what the user has changed."""
        layer = self._layer
        if layer is None or not len(layer.face_color) == len(layer.symbol) == len(layer.data):
            return  # napari is in the middle of a change
        known, self._point_count = self._point_count, len(layer.data)
        if known < self._point_count:
            layer.face_color = self._with_next_colours(self._point_colours(), known)
        self._tell()

    def _with_next_colours(self, colours: list[str], known: int) -> list[str]:
        """Return the colours with others for those after the first ``known`` ones."""
        result, others = colours[:known], self._colours.beside(self)
        while len(result) < len(colours):
            result.append(next_colour([*result, *others]))
        return result

    def _tell(self, meant: Sequence[Pin] | None = None) -> None:
        """Emit what has changed.

        Parameters
        ----------
        meant : sequence of Pin, optional
            Those that the layer was given; unless it was, the user has changed those before.
        """
        points = zip(self._places(), self._point_colours(), self._point_signs(), strict=True)
        shown = [Pin(*point) for point in points if np.isfinite(point[0]).all()]
        current = _with_whole_places(shown, self._pins if meant is None else meant)
        if current != self._pins:
            moved = _moved_pin(self._pins, current)
            if moved is None or moved != self._moved:
                self._history.append(self._pins)
            self._moved = moved
            self._pins = current
            self.changed.emit()


def _is_left_behind(layer: Layer, frame: PinFrame) -> bool:
    """Return whether a layer has the pins of an explorer closed before, and not another name."""
    if not (isinstance(layer, Points) and PINS_KEY in layer.metadata and layer.name == PINS_NAME):
        return False
    if layer.ndim != len(frame.units):
        return False
    placement = frame.placement
    return np.allclose(layer.scale, placement["scale"]) and np.allclose(
        layer.translate, placement["translate"]
    )


def _with_whole_places(shown: list[Pin], known: Sequence[Pin]) -> list[Pin]:
    """Return pins as a layer shows them, with known coordinates along the axes that it lacks."""
    if len(shown) == len(known):  # moved at most, or other in colour or sign
        return [_with_whole_place(*pair) for pair in zip(shown, known, strict=True)]
    left, result = list(known), []
    for pin in shown:
        same = (one for one in left if _with_whole_place(pin, one) == one)
        found = next(same, None)
        if found is not None:
            left.remove(found)
        result.append(found or pin)
    return result


def _with_whole_place(shown: Pin, known: Pin) -> Pin:
    more = max(0, len(known.place) - len(shown.place))
    return replace(shown, place=(*known.place[:more], *shown.place))


def _moved_pin(before: list[Pin], after: list[Pin]) -> int | None:
    """Return the index of the only pin that lies elsewhere, if that is all that has changed."""
    if len(before) != len(after):
        return None
    changed = [n for n, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
    if len(changed) != 1:
        return None
    (index,) = changed
    is_moved = replace(before[index], place=after[index].place) == after[index]
    return index if is_moved else None


def _symbols(pins: Sequence[Pin]) -> list[str]:
    return [_LIKE if pin.sign > 0 else _UNLIKE for pin in pins]
