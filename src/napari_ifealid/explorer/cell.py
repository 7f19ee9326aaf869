"""One cell of napari's grid: a stack's image, its map, its name and marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Layer, Points
from numpy.typing import NDArray

from napari_ifealid.explorer.exploration import pin_frame
from napari_ifealid.explorer.pictures import Pictures
from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.session_image import SessionImage, has_image
from napari_ifealid.explorer.shown_map import remove_layer
from napari_ifealid.explorer.sources import BACKDROP_KEY
from napari_ifealid.grid import Place
from napari_ifealid.plain_text import one_line

LAYERS = 4
"""Layers of each cell: the image, the map, the name with its marks, and the cross-hair."""

CELL_KEY = "napari_ifealid_cell"
"""The metadata of marks in a cell hold this key."""

_KIND = " features"  # what the reader calls all stacks
_NOTHING = (0.0, 0.0, 0.0, 0.0)
_MARKS = (6.0, 12.0)  # pixels on the screen
_CROSS = (4.0, 18.0)  # half of the first is vispy's narrowest border
_CROSS_SIZE = 4.0  # of a pin
_GAP = 0.03  # between the name and the picture, as a part of the picture's height
_COLOURS = {"cross": "white", "star": "yellow"}


@dataclass(frozen=True)
class Mark:
    """A place with a text.

    Parameters
    ----------
    place : tuple of float
        In the world.
    colour : str
    text : str
    """

    place: Place
    colour: str
    text: str = ""


class Cell:
    """The layers of one cell, but for the map that is the session's own.

    Parameters
    ----------
    viewer : napari viewer
    session : Session
        Its stack is loaded.
    pictures : Pictures
        Of stacks without an image.
    in_colour : bool
        Whether the image is shown in colour.
    text_colour : str
        Of the stack's name.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        session: Session,
        pictures: Pictures,
        *,
        in_colour: bool,
        text_colour: str,
    ) -> None:
        assert session.stack is not None
        self.session = session
        self._viewer = viewer
        self._frame = pin_frame(session)
        is_shown = has_image(session, pictures)
        self._picture = SessionImage(session, session.stack, pictures) if is_shown else None
        self._image = self._new_image(in_colour=in_colour)
        self.no_map = _hidden()
        self._marks = self._new_marks(text_colour)
        self._texts: list[str] = [self.name]
        self._cross = self._new_cross()
        self._shown: dict[str, Place] = {}  # by symbol
        for layer in (self._image, self.no_map, self._marks, self._cross):
            viewer.add_layer(layer)

    @property
    def name(self) -> str:
        """The name of the stack."""
        return one_line(self.session.layer.name.removesuffix(_KIND))

    @property
    def layers(self) -> list[Layer]:
        """The layers of the cell, the lowest one first."""
        shown = self.session.map_layer
        return [self._image, shown or self.no_map, self._marks, self._cross]

    @property
    def own_layers(self) -> list[Layer]:
        """The layers that are the cell's own."""
        return [self._image, self.no_map, self._marks, self._cross]

    @property
    def has_texts(self) -> bool:
        """Whether there are texts at marks."""
        return any(self._texts[1:])

    @property
    def is_whole(self) -> bool:
        """Whether all of its layers are there."""
        return all(layer in self._viewer.layers for layer in self.own_layers)

    def show_image(self, *, in_colour: bool) -> None:
        """Show the image in colour or in grey."""
        if self._picture is not None:
            self._image.data = self._picture.pixels(in_colour=in_colour)

    def place(self) -> None:
        """Lie where the session lies now."""
        if self._picture is not None:
            for name, value in self._picture.placement.items():
                setattr(self._image, name, value)

    def show_text_colour(self, colour: str) -> None:
        """Write the name of the stack, and the texts at marks, in a colour."""
        self._marks.text.color = colour

    def show_marks(self, note: str, marks: Sequence[Mark]) -> None:
        """Show the name of the stack, and marks.

        Parameters
        ----------
        note : str
            What is to be known beside the name.
        marks : sequence of Mark
        """
        title = Mark(self._corner, "", f"{self.name}\n{note}" if note else self.name)
        rows = np.array([self._row(mark.place) for mark in (title, *marks)])
        texts = [mark.text for mark in (title, *marks)]
        layer = self._marks
        if np.array_equal(rows, layer.data) and texts == self._texts:
            return
        self._texts = texts
        layer.data = rows
        layer.features = {"text": texts}
        layer.face_color = [_NOTHING, *(mark.colour for mark in marks)]
        layer.border_color = [_NOTHING, *("white" for _ in marks)]
        layer.selected_data = set()

    def show_cross(self, place: Place | None, best: Place | None) -> None:
        """Mark a place by a cross-hair, and the best match by a star; None for neither.

        Parameters
        ----------
        place, best : tuple of float or None
        """
        shown = {"cross": place, "star": best}
        known = {symbol: where for symbol, where in shown.items() if where is not None}
        if known == self._shown:
            return
        is_moved, self._shown = known.keys() == self._shown.keys(), known
        layer, rows = (
            self._cross,
            np.reshape([self._row(x) for x in known.values()], (-1, self._cross.ndim)),
        )
        if is_moved:
            layer.data[...] = rows
            # not by assigning the data, which takes napari several times as long
            layer.refresh(thumbnail=False, extent=False, highlight=False)
            return
        layer.data = rows
        if known:
            layer.symbol = list(known)
            layer.face_color = [_COLOURS[symbol] for symbol in known]
        layer.selected_data = set()

    def close(self) -> None:
        """Remove the layers that are the cell's own."""
        for layer in self.own_layers:
            remove_layer(self._viewer, layer)

    @property
    def _corner(self) -> Place:
        """Above the upper left corner of all that is shown, in the slice that is shown."""
        dims, grid = self._viewer.dims, self.session.grid
        place = [float(x) for x in dims.point]
        shown = [axis for axis in grid.axes if dims.ndim + axis in dims.displayed]
        for axis, (low, high) in zip(grid.axes, grid.bounds.T.tolist(), strict=True):
            if axis not in shown:
                continue
            if self._picture is not None:
                low = min(low, float(self._image.extent.world[0, axis]))
            place[axis] = low - (_GAP * (high - low) if axis == min(shown) else 0.0)
        return tuple(place)

    def _row(self, place: Sequence[float]) -> list[float]:
        return self._frame.row(place, self._viewer.dims.point)

    def _new_image(self, *, in_colour: bool) -> Image:
        if self._picture is None:
            return _hidden()
        return Image(
            self._picture.pixels(in_colour=in_colour),
            name=f"{self.name} image",
            metadata={BACKDROP_KEY: self.session.layer.unique_id},
            rgb=True,
            multiscale=False,
            **self._picture.placement,
        )

    def _new_marks(self, text_colour: str) -> Points:
        return Points(
            np.array([self._row(self._corner)]),
            name=f"{self.name} marks",
            metadata={CELL_KEY: True},
            features={"text": [self.name]},
            text={
                "string": "{text}",
                "anchor": "upper_left",
                "color": text_colour,
                "size": 9,
            },
            symbol="disc",
            size=self._frame.size,
            canvas_size_limits=_MARKS,
            face_color=[_NOTHING],
            border_color=[_NOTHING],
            border_width=0.2,
            **self._frame.placement,
        )

    def _new_cross(self) -> Points:
        return Points(
            np.empty((0, len(self._frame.units))),
            name=f"{self.name} place",
            metadata={CELL_KEY: True},
            size=_CROSS_SIZE * self._frame.size,
            canvas_size_limits=_CROSS,
            border_color="black",
            border_width=0.1,
            **self._frame.placement,
        )


def best_place(session: Session, values: NDArray[np.float32] | None) -> Place | None:
    """Return the middle of the pixel with the largest value; None where there is none.

    Parameters
    ----------
    session : Session
    values : array or None
        Of the region that the session shows.
    """
    if values is None or session.shown is None or not np.isfinite(values).any():
        return None
    within = np.unravel_index(int(np.nanargmax(values)), values.shape)
    region = session.shown.request.region
    pixel = tuple(part.start + int(x) for part, x in zip(region, within, strict=True))
    return session.grid.moved_to((), pixel)


def _hidden() -> Image:
    """Return a layer that takes the place of another one, since a cell has so many."""
    picture: NDArray[Any] = np.zeros((1, 1), np.uint8)
    return Image(picture, name="(nothing)", metadata={CELL_KEY: True}, rgb=False, visible=False)
