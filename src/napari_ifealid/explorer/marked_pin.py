"""The pin that is marked in the picture and in the chart."""

from __future__ import annotations

from psygnal import Signal

from napari_ifealid.explorer.pins import Pins
from napari_ifealid.grid import Grid, Place


class MarkedPin:
    """The pin under the cursor, else the one that was chosen, if any.

    Parameters
    ----------
    pins : Pins
        Whose marked one stands out in the picture.
    """

    changed = Signal(object)
    """Another pin is marked: its index among the pins, or None."""

    def __init__(self, pins: Pins) -> None:
        self._pins = pins
        self._count = len(pins.pins)
        self._hovered: int | None = None
        self._chosen: int | None = None
        self._value: int | None = None
        pins.changed.connect(self._on_pins)

    @property
    def value(self) -> int | None:
        """Index of the marked pin among all pins."""
        return self._value

    def hover_at(self, place: Place | None, grid: Grid | None) -> None:
        """Mark the pin on the pixel under the cursor while it is there, the last one of several.

        Parameters
        ----------
        place : tuple of float, optional
            Of the cursor, in the world.
        grid : Grid, optional
            Whose pixels are meant.
        """
        pixel = None if place is None or grid is None else grid.pixel_at(place)
        self._hovered = None
        if pixel is not None and grid is not None:
            found = (
                n for n, pin in enumerate(self._pins.pins) if grid.pixel_at(pin.place) == pixel
            )
            self._hovered = max(found, default=None)
        self._update()

    def choose(self, index: int | None) -> None:
        """Mark a pin until another one is chosen, or the same one again."""
        self._chosen = None if index == self._chosen else index
        self._update()

    def flip(self) -> None:
        """Look for what is unlike the marked pin, or like it again."""
        if self._value is not None:
            self._pins.set_sign(self._value, -self._pins.pins[self._value].sign)

    def close(self) -> None:
        """Mark none any more."""
        self._pins.changed.disconnect(self._on_pins)
        self._hovered = self._chosen = None
        self._update()

    def _on_pins(self) -> None:
        """Forget which one was chosen when others have come or gone; a new layer marks anew."""
        count = len(self._pins.pins)
        if count != self._count:
            self._count = count
            self._hovered = self._chosen = None
        self._update()
        self._pins.emphasise(self._value)

    def _update(self) -> None:
        value = self._chosen if self._hovered is None else self._hovered
        if value != self._value:
            self._value = value
            self._pins.emphasise(value)
            self.changed.emit(value)
