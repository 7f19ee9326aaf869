"""Pinned reference pixels in a napari Points layer."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Layer, Points
from psygnal import Signal

from napari_ifealid.explorer.sources import SIMILARITY_KEY

PINS_KEY = "pinned_references"
"""The metadata of a layer of pins hold this key."""

PINS_NAME = "references"

PALETTE = (
    "#e69f00",  # orange
    "#56b4e9",  # sky blue
    "#009e73",  # bluish green
    "#f0e442",  # yellow
    "#0072b2",  # blue
    "#d55e00",  # vermilion
    "#cc79a7",  # reddish purple
)
"""Colours that the colour-blind can tell apart, without black (Okabe & Ito 2008, Color Universal
Design, https://jfly.uni-koeln.de/color/)."""

_State = tuple[list[tuple[int, ...]], list[str]]

_PINS_ACROSS = 40  # the map; napari finds a clicked point by this size, not by that on the screen
_DIAMETERS = (4.0, 12.0)  # pixels on the screen; half of the first is vispy's narrowest border

# pasting tells of nothing but `set_data`, and dragging of nothing but `features`
_CHANGES = ("data", "features", "set_data", "face_color", "current_face_color")


class Pins:
    """Pins reference pixels, and follows what the user does to them in their napari layer.

    The layer is made at the first pin. It has the only list of pins: its points can be added,
    moved, recoloured, deleted and saved with napari's own tools.

    Parameters
    ----------
    viewer : napari viewer
    """

    changed = Signal()
    """The pixels or their colours are others than before."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._shape: tuple[int, ...] = ()
        self._placement: dict[str, Any] = {}
        self._layer: Points | None = None
        self._point_count = 0  # of the layer, those that have got their colours
        self._told: _State = ([], [])
        self._history: list[_State] = []
        self._moved: int | None = None  # the pin that the last change moved
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def layer(self) -> Points | None:
        """The layer of the pins, if there is one."""
        return self._layer

    @property
    def pixels(self) -> list[tuple[int, ...]]:
        """The pinned pixels in the layer's order, without points outside of the feature map."""
        return [pixel for pixel in self._points() if self._is_inside(pixel)]

    @property
    def colours(self) -> list[str]:
        """The colour of each of `pixels`, as in ``"#e69f00"``."""
        pairs = zip(self._points(), self._point_colours(), strict=True)
        return [colour for pixel, colour in pairs if self._is_inside(pixel)]

    def place(self, shape: tuple[int, ...], placement: dict[str, Any]) -> None:
        """Pin pixels of this feature map from now on.

        Pins are kept if the map has as many axes as the one before. A layer of pins that was left
        behind is taken over.

        Parameters
        ----------
        shape : tuple of int
            Number of the feature map's pixels along each spatial axis.
        placement : dict
            ``scale``, ``translate`` and ``affine`` of the feature map.
        """
        if len(shape) != len(self._shape):
            self._history.clear()
        self._shape, self._placement = shape, placement
        if self._layer is not None and self._layer.ndim != len(shape):
            self._viewer.layers.remove(self._layer)
        if self._layer is None:
            self._take_over()
        if self._layer is not None:
            for name, value in placement.items():
                setattr(self._layer, name, value)
            self._rise()
        self._tell()

    def toggle(self, pixel: tuple[int, ...]) -> None:
        """Pin a pixel, or remove the pins on it.

        Parameters
        ----------
        pixel : tuple of int
            Index along each spatial axis.

        Raises
        ------
        ValueError
            If the pixel is outside of the feature map.
        """
        if not self._is_inside(pixel):
            raise ValueError(
                f"Pixel {pixel} is outside of the feature map of shape {self._shape}: "
                "pin one inside of it, after place() was called."
            )
        found = [index for index, pinned in enumerate(self._points()) if pinned == pixel]
        if self._layer is None:
            self._create(pixel)
        elif found:
            self._layer.remove(found)
        else:
            # not with add(), which would select the point
            self._layer.data = np.vstack([self._layer.data, pixel])

    def clear(self) -> None:
        """Remove all pins."""
        if self._layer is not None:
            self._layer.remove(list(range(len(self._layer.data))))

    def undo(self) -> None:
        """Take back the last change, of whatever kind; a pin's whole way is one change."""
        if self._history:
            pixels, colours = self._history.pop()
            kept = list(self._history)
            self._restore(pixels, colours)
            self._history, self._moved = kept, None

    def close(self) -> None:
        """Leave the layer to the user as it is."""
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._leave()

    def _restore(self, pixels: list[tuple[int, ...]], colours: list[str]) -> None:
        if pixels and self._layer is None:
            self._create(pixels[0])
        if self._layer is not None:
            self._layer.data = np.reshape(np.array(pixels, dtype=float), (-1, self._layer.ndim))
            if colours:
                self._layer.face_color = colours

    def _points(self) -> list[tuple[int, ...]]:
        """Return the pixel of each point, also outside of the feature map."""
        if self._layer is None:
            return []
        return [tuple(map(int, row)) for row in np.floor(np.asarray(self._layer.data) + 0.5)]

    def _point_colours(self) -> list[str]:
        if self._layer is None:
            return []
        levels = np.round(np.asarray(self._layer.face_color)[:, :3] * 255.0).astype(np.uint8)
        return [f"#{level.tobytes().hex()}" for level in levels]

    def _is_inside(self, pixel: tuple[int, ...]) -> bool:
        return len(pixel) == len(self._shape) and all(
            0 <= x < n for x, n in zip(pixel, self._shape, strict=True)
        )

    def _take_over(self) -> None:
        for layer in self._viewer.layers:
            if _is_left_behind(layer) and layer.ndim == len(self._shape):
                self._connect(layer)
                return

    def _create(self, pixel: tuple[int, ...]) -> None:
        # made here, since what a plugin's viewer makes comes in a slow wrapper
        layer = Points(
            np.array([pixel], dtype=float),  # whole numbers would lag behind the cursor in a drag
            name=PINS_NAME,
            metadata={PINS_KEY: True},
            symbol="disc",
            size=max(1.0, max(self._shape) / _PINS_ACROSS),
            canvas_size_limits=_DIAMETERS,
            face_color=PALETTE[0],
            border_color="white",
            border_width=0.2,
            **self._placement,
        )
        selected = set(self._viewer.layers.selection)
        self._viewer.add_layer(layer)
        self._viewer.layers.selection = selected
        self._connect(layer)
        self._tell()

    def _connect(self, layer: Points) -> None:
        self._layer = layer
        self._point_count = len(layer.data)
        for name in _CHANGES:
            getattr(layer.events, name).connect(self._follow)

    def _leave(self) -> None:
        if self._layer is not None:
            for name in _CHANGES:
                getattr(self._layer.events, name).disconnect(self._follow)
        self._layer = None
        self._tell()

    def _rise(self) -> None:
        """Lie above the similarity map, which is made anew for each stack."""
        layers = list(self._viewer.layers)
        index = layers.index(self._layer)
        if any(SIMILARITY_KEY in layer.metadata for layer in layers[index + 1 :]):
            self._viewer.layers.move(index, len(layers))

    def _on_removed(self, event: Any) -> None:
        if self._layer is not None and event.value == self._layer:
            self._leave()

    def _follow(self) -> None:
        """Give colours to new points, and tell what the user has changed."""
        if self._layer is None or len(self._layer.face_color) != len(self._layer.data):
            return  # napari is in the middle of a change
        known, self._point_count = self._point_count, len(self._layer.data)
        if known < self._point_count:
            self._layer.face_color = _with_next_colours(self._point_colours(), known)
        self._tell()

    def _tell(self) -> None:
        current = (self.pixels, self.colours)
        if current != self._told:
            moved = _moved_pin(self._told[0], current[0])
            if moved is None or moved != self._moved:
                self._history.append(self._told)
            self._moved = moved
            self._told = current
            self.changed.emit()


def _is_left_behind(layer: Layer) -> bool:
    """Tell whether a layer has the pins of an explorer closed before, and not another name."""
    return isinstance(layer, Points) and PINS_KEY in layer.metadata and layer.name == PINS_NAME


def _moved_pin(before: list[tuple[int, ...]], after: list[tuple[int, ...]]) -> int | None:
    """Return the index of the only pin that lies elsewhere, if that is all that has changed."""
    if len(before) != len(after):
        return None
    moved = [i for i, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
    return moved[0] if len(moved) == 1 else None


def _with_next_colours(colours: list[str], known: int) -> list[str]:
    """Return the colours with others for those after the first ``known`` ones."""
    result = colours[:known]
    while len(result) < len(colours):
        result.append(min(PALETTE, key=result.count))
    return result
