"""Regions that the user has drawn or labelled, as references."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels, Layer, Shapes
from numpy.typing import NDArray
from psygnal import Signal

from napari_ifealid.explorer.above_maps import show_above_maps
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.label_pixels import labels_on_grid, pixels_of_labels
from napari_ifealid.explorer.palette import ColoursInUse, next_colour
from napari_ifealid.explorer.pin_frame import PinFrame
from napari_ifealid.explorer.region_reference import RegionReference
from napari_ifealid.explorer.session import PLACEMENT_EVENTS, Session
from napari_ifealid.explorer.shape_pixels import pixels_of_shape
from napari_ifealid.explorer.shown_region import shown_region
from napari_ifealid.explorer.sources import full_data, layer_affine
from napari_ifealid.grid import Grid
from napari_ifealid.plain_text import with_markup
from napari_ifealid.query import Origin

REGIONS_KEY = "napari_ifealid_regions"
"""The metadata of a layer of shapes that the plugin has made hold this key."""

DERIVED_KEY = "napari_ifealid_derived"
"""The metadata of labels hold this key while they follow the references: they are none."""

REGIONS_NAME = "regions"

MOST = 64
"""How many regions of a layer are references at most."""

_EDGE = 0.25  # width of new shapes' edges, as a part of a pin's diameter

# a drag emits nothing but `set_data`, painting `labels_update`
_SHAPE_EVENTS = ("data", "set_data", "features", "edge_color", "face_color")
_LABEL_EVENTS = ("data", "set_data", "labels_update", "paint", "features", "colormap")


@dataclass(frozen=True, eq=False)
class NamedRegion:
    """A region of the layer that regions are taken from.

    Parameters
    ----------
    number : int
        Of the shape, counted from 0, or of the label.
    name : str
    colour : str
        As in ``"#e69f00"``.
    sign : {1, -1}
    pixels : array of int, shape (N,)
        Numbers of its pixels in the stack that was asked for, in C order; empty where it has none.
    """

    number: int
    name: str
    colour: str
    sign: int
    pixels: NDArray[np.intp]

    @property
    def reference(self) -> RegionReference:
        """The mean of the pixels as a reference."""
        return RegionReference(self.pixels, self.name, Origin.REGION, self.sign, self.colour)


class Regions:
    """Each shape, or each label, of a layer that the user chooses is a reference.

    Nothing is written into a layer of the user's.

    Parameters
    ----------
    viewer : napari viewer
    colours : ColoursInUse, optional
        New shapes of the plugin's own layer get colours that no other source uses.
    """

    changed = Signal()
    """The regions lie elsewhere, or have other names, colours or signs."""

    candidates_changed = Signal()
    """There are other layers that regions could be taken from."""

    def __init__(self, viewer: ViewerModel, colours: ColoursInUse | None = None) -> None:
        self._viewer = viewer
        self._colours = colours or ColoursInUse()
        self._colours.add(self)
        self._layer: Shapes | Labels | None = None
        self._signs: dict[int, int] = {}  # of those that are not looked for
        self._shape_count = 0
        self._version = self._left_out = 0
        self._found: WeakKeyDictionary[Session, tuple[Any, list[NamedRegion]]]
        self._found = WeakKeyDictionary()
        self._shapes: dict[Any, NDArray[np.intp]] = {}  # pixels of those that stay as they are
        self._connections = Connections()  # to the layer
        self._to_viewer = Connections()
        events = viewer.layers.events
        for signal, callback in (
            (events.inserted, self.candidates_changed.emit),
            (events.removed, self._on_removed),
            (events.reordered, self.candidates_changed.emit),
        ):
            self._to_viewer.connect(signal, lambda _, callback=callback: callback())
        self.choose(next((one for one in viewer.layers if REGIONS_KEY in one.metadata), None))

    @property
    def layer(self) -> Shapes | Labels | None:
        """The layer that regions are taken from."""
        return self._layer

    @property
    def colours(self) -> list[str]:
        """The colour of each shape; of labels, those that were asked for last."""
        layer = self._layer
        if isinstance(layer, Shapes):
            return [_shape_colour(layer, number) for number in range(len(layer.data))]
        return [one.colour for _, found in self._found.values() for one in found]

    @property
    def candidates(self) -> list[Layer]:
        """The layers that regions can be taken from."""
        return [layer for layer in self._viewer.layers if _can_be_chosen(layer)]

    def choose(self, layer: Layer | None) -> None:
        """Take regions from another layer, or from none.

        Parameters
        ----------
        layer : napari Shapes or Labels layer, or None

        Raises
        ------
        ValueError
            If it is another kind of layer, or labels that are made of the references.
        """
        if layer is self._layer:
            return
        if layer is not None and not _can_be_chosen(layer):
            raise ValueError(
                f"regions from {layer.name!r}; expected a Shapes or a Labels layer that does not "
                "follow the references itself"
            )
        self._connections.close()
        self._layer = layer
        self._signs.clear()
        self._found.clear()
        if isinstance(layer, Shapes):
            self._shape_count = len(layer.data)
            self._connections.connect(layer.events.data, self._on_shapes)
        if layer is not None:
            names = _SHAPE_EVENTS if isinstance(layer, Shapes) else _LABEL_EVENTS
            for name in (*names, *PLACEMENT_EVENTS):
                self._connections.connect(getattr(layer.events, name), self._on_change)
        self._tell()

    def add_layer(self, frame: PinFrame) -> Shapes:
        """Make a layer of shapes to draw regions in, choose it and its tool for rectangles.

        Parameters
        ----------
        frame : PinFrame
            The axes that the shapes lie along.
        """
        # made here, since what a plugin's viewer makes comes in a slow wrapper
        layer = Shapes(
            ndim=len(frame.units),
            name=REGIONS_NAME,
            metadata={REGIONS_KEY: True},
            edge_color=next_colour(self._colours.beside(self)),
            face_color="transparent",
            opacity=1.0,
            edge_width=_EDGE * frame.size,
            **frame.placement,
        )
        self._viewer.add_layer(layer)
        self.choose(layer)
        self._viewer.layers.selection.active = layer
        layer.mode = "add_rectangle"
        return layer

    def regions_in(self, session: Session) -> list[NamedRegion]:
        """Return the regions with the pixels of a session that they cover, none of them too.

        Parameters
        ----------
        session : Session
            Its stack is loaded. Of an n-dimensional one, labels are taken of the slice shown.
        """
        layer, dims = self._layer, self._viewer.dims
        if layer is None:
            return []
        shown = shown_region(dims, session.grid)
        key = (self._version, session.grid, str(shown), dims.point)
        known = self._found.get(session)
        if known is None or known[0] != key:
            if isinstance(layer, Shapes):
                found = list(self._shape_regions(layer, session.grid))
            else:
                found = list(self._label_regions(layer, session.grid, shown))
            known = key, found
            self._found[session] = known
        return known[1]

    @property
    def left_out(self) -> int:
        """How many regions there are beyond the most that are references, as asked last."""
        return self._left_out

    def references_in(self, session: Session) -> Sequence[RegionReference]:
        """Return the regions that have pixels in a session, as references."""
        return [one.reference for one in self.regions_in(session) if len(one.pixels)]

    def set_sign(self, number: int, sign: int) -> None:
        """Look for pixels like a region, or for pixels unlike it.

        Parameters
        ----------
        number : int
            Of the shape, counted from 0, or of the label.
        sign : {1, -1}
        """
        if self._signs.get(number, 1) != sign:
            self._signs.pop(number, None)
            if sign < 0:
                self._signs[number] = sign
            self._tell()

    def show_above_maps(self) -> None:
        """Lie above the maps where the layer is one that the plugin has made."""
        if self._layer is not None and REGIONS_KEY in self._layer.metadata:
            show_above_maps(self._viewer, self._layer)

    def close(self) -> None:
        """Leave the layer to the user as it is."""
        self._to_viewer.close()
        self._connections.close()
        self._layer = None

    def _on_removed(self) -> None:
        if self._layer is not None and self._layer not in self._viewer.layers:
            self.choose(None)
        self.candidates_changed.emit()

    def _on_change(self) -> None:
        self._tell()

    def _tell(self) -> None:
        self._version += 1
        self.changed.emit()

    def _on_shapes(self, event: Any) -> None:
        """Keep each shape's sign when others are removed, and give new ones of ours a colour."""
        layer = self._layer
        if not isinstance(layer, Shapes):
            return
        count, before = len(layer.data), self._shape_count
        self._shape_count = count
        if count < before:
            gone = {index % before for index in event.data_indices}
            kept = [number for number in range(before) if number not in gone]
            self._signs = {
                new: self._signs[old] for new, old in enumerate(kept) if old in self._signs
            }
        elif count > before and REGIONS_KEY in layer.metadata:
            colours = [_hex(colour) for colour in layer.edge_color]
            others = self._colours.beside(self)
            for number in range(before, count):
                colours[number] = next_colour([*colours[:number], *others])
            layer.edge_color = colours

    def _shape_regions(self, layer: Shapes, grid: Grid) -> Iterator[NamedRegion]:
        names = given_names(layer)
        affine, point = layer_affine(layer), self._viewer.dims.point
        before, self._shapes = self._shapes, {}
        self._left_out = max(0, len(layer.data) - MOST)
        kinds = list(layer.shape_type)
        for number, vertices in enumerate(layer.data[:MOST]):
            where = (affine.tobytes(), point) if layer.ndim < len(point) else affine.tobytes()
            key = (grid, kinds[number], np.asarray(vertices).tobytes(), where)
            pixels = before.get(key)
            if pixels is None:
                positions = _positions(np.asarray(vertices, float), affine, grid, point)
                pixels = pixels_of_shape(kinds[number], positions, grid.shape)
            self._shapes[key] = pixels
            colour = _shape_colour(layer, number)
            name = names.get(number) or f"shape {number + 1}"
            yield NamedRegion(number, name, colour, self._signs.get(number, 1), pixels)

    def _label_regions(self, layer: Labels, grid: Grid, shown: Any) -> Iterator[NamedRegion]:
        names = given_names(layer)
        found = labels_on_grid(
            full_data(layer), layer_affine(layer), grid, shown, self._viewer.dims.point
        )
        regions = pixels_of_labels(found, shown, grid.shape)
        self._left_out = max(0, len(regions) - MOST)
        for label, pixels in list(regions.items())[:MOST]:
            name = names.get(label) or f"label {label}"
            colour = layer.get_color(label)
            text = _hex(np.zeros(4) if colour is None else colour)
            yield NamedRegion(label, name, text, self._signs.get(label, 1), pixels)


def _can_be_chosen(layer: Layer) -> bool:
    return isinstance(layer, Shapes | Labels) and DERIVED_KEY not in layer.metadata


def _positions(
    vertices: NDArray[np.float64], affine: NDArray[np.float64], grid: Grid, point: Sequence[float]
) -> NDArray[np.float64]:
    """Return where among the pixels of a grid vertices in a layer's data are."""
    world = vertices @ affine[:-1, :-1].T + affine[:-1, -1]
    columns = [
        world[:, axis] if -axis <= world.shape[1] else np.full(len(world), point[axis])
        for axis in grid.axes
    ]
    return grid.positions_of(np.stack(columns, axis=1))


def given_names(layer: Shapes | Labels) -> dict[int, str]:
    """Return the names that a layer's features table gives, by shape or label."""
    table = layer.features
    if "name" not in table:
        return {}
    numbers = table["index"] if "index" in table else range(len(table))
    return {
        int(number): with_markup(name)
        for number, name in zip(numbers, table["name"], strict=True)
        if isinstance(name, str) and name
    }


def _shape_colour(layer: Shapes, number: int) -> str:
    face, edge = layer.face_color[number], layer.edge_color[number]
    return _hex(face if face[3] > 0.0 else edge)


def _hex(colour: Any) -> str:
    levels = np.round(np.asarray(colour, float)[:3] * 255.0).astype(np.uint8)
    return f"#{levels.tobytes().hex()}"
