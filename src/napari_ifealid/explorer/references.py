"""What sessions can be compared with: the cursor, the pins, and what sources give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from napari.components import Dims

from napari_ifealid.explorer.asked import Asked, what_is_asked
from napari_ifealid.explorer.cursor import Cursor
from napari_ifealid.explorer.map_request import ReferenceMode
from napari_ifealid.explorer.pins import Pin, Pins
from napari_ifealid.explorer.pixel_reference import PixelReference
from napari_ifealid.explorer.reference_source import ReferenceSource
from napari_ifealid.explorer.region_reference import RegionReference
from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.session_question import AnyReference
from napari_ifealid.explorer.shown_region import displayed_axes, shown_region
from napari_ifealid.explorer.state import ExplorerState
from napari_ifealid.grid import Pixel, window_around
from napari_ifealid.query import Origin


class References:
    """Finds the references of each session, whose stack is loaded.

    Parameters
    ----------
    dims : napari Dims
        Of the viewer: which slice is shown.
    state : ExplorerState
    cursor : Cursor
    pins : Pins
    """

    def __init__(self, dims: Dims, state: ExplorerState, cursor: Cursor, pins: Pins) -> None:
        self._dims = dims
        self._state = state
        self._cursor = cursor
        self._pins = pins
        self._sources: list[ReferenceSource] = []

    @property
    def sources(self) -> Sequence[ReferenceSource]:
        """What references come from beside the cursor and the pins."""
        return tuple(self._sources)

    def add_source(self, source: ReferenceSource) -> None:
        """Take the references of a source, too."""
        self._sources.append(source)

    def asked_of(self, session: Session) -> Asked:
        """Return what a session is asked for."""
        mode = self._state.reference
        # not asked for on each hover
        collected = [] if mode is ReferenceMode.CURSOR else self.counted_in(session)
        return what_is_asked(mode, self.cursor_in(session), collected)

    def cursor_in(self, session: Session) -> AnyReference:
        """Return the reference pixel of a session, or the window around it."""
        return self._reference_at(session, self.pixel_in(session), "", Origin.CURSOR)

    def collected_in(self, session: Session) -> list[AnyReference]:
        """Return what the user has collected to compare with: pins, and what sources give."""
        collected: list[AnyReference] = [
            self._reference_at(session, pixel, _pin_label(pixel), Origin.PIN, pin.sign, pin.colour)
            for pixel, pin in self.pinned_in(session)
        ]
        for source in self._sources:
            collected += source.references_in(session)
        return collected

    def counted_in(self, session: Session) -> list[AnyReference]:
        """Return what was collected and counts: all of it but what is known to lack data."""
        return [one for one in self.collected_in(session) if not session.lacks_data(one)]

    def pins_without_data(self, session: Session) -> list[Pin]:
        """Return the pins within a session that count for nothing: they are known to lack data."""
        return [
            pin
            for pixel, pin in self.pinned_in(session)
            if session.lacks_data(self._reference_at(session, pixel))
        ]

    def pixel_in(self, session: Session) -> Pixel:
        """Return the reference pixel in a session; the middle one where the cursor is outside."""
        place = self._cursor.place
        pixel = None if place is None else session.grid.pixel_at(place)
        if pixel is not None:
            return pixel
        region = shown_region(self._dims, session.grid)
        return tuple(
            middle if part.stop - part.start > 1 else part.start
            for middle, part in zip(session.grid.middle, region, strict=True)
        )

    def pinned_in(self, session: Session) -> list[tuple[Pixel, Pin]]:
        """Return the pins within a session, and the pixels they are on."""
        found = ((session.grid.pixel_at(pin.place), pin) for pin in self._pins.pins)
        return [(pixel, pin) for pixel, pin in found if pixel is not None]

    def _reference_at(self, session: Session, pixel: Pixel, *description: Any) -> AnyReference:
        """Return a pixel as a reference, or the window around it."""
        if self._state.window == 1:
            return PixelReference(pixel, *description)
        axes, shape = displayed_axes(self._dims, session.grid), session.grid.shape
        window = window_around(pixel, self._state.window, shape, axes)
        return RegionReference(window, *description)


def _pin_label(pixel: Pixel) -> str:
    return f"pin {', '.join(map(str, pixel))}"
