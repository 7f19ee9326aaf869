"""The colours of the chart, which follow the theme."""

from __future__ import annotations

from dataclasses import dataclass

from qtpy.QtGui import QColor, QPalette

from napari_ifealid.widgets.paper_colours import on_white


@dataclass(frozen=True)
class ChartColours:
    """Colours between those of a background and of the text on it.

    Parameters
    ----------
    background, text : QColor
    """

    background: QColor
    text: QColor

    @classmethod
    def of(cls, palette: QPalette) -> ChartColours:
        """Return the colours of a palette."""
        role = QPalette.ColorRole
        return cls(palette.color(role.Window), palette.color(role.WindowText))

    @property
    def is_light(self) -> bool:
        """Whether the background is lighter than what is drawn on it."""
        return bool(self.background.lightness() > self.text.lightness())

    @property
    def axes(self) -> QColor:
        """Of the axes and of the line at 0."""
        return self.mixed(0.4)

    @property
    def cursor(self) -> QColor:
        """Of the curve of the pixel under the cursor."""
        return self.mixed(0.55)

    @property
    def cursor_fill(self) -> QColor:
        """Under that curve; other curves are seen on it."""
        return self.mixed(0.2 if self.is_light else 0.35)

    @property
    def cursor_band(self) -> QColor:
        """Of the deviation around that curve."""
        return self.mixed(0.3 if self.is_light else 0.5)

    def of_pin(self, colour: str) -> str:
        """Return the colour of a pin, darker on a light background."""
        return on_white(colour) if self.is_light else colour

    def mixed(self, share: float, colour: QColor | None = None) -> QColor:
        """Return an opaque colour between two: see-through ones are slower to draw.

        Parameters
        ----------
        share : float
            From 0, the background, to 1, the colour.
        colour : QColor, optional
            That of the text unless given.
        """
        other = self.text if colour is None else colour
        pairs = zip(self.background.getRgb()[:3], other.getRgb()[:3], strict=True)
        return QColor(*(round(low + share * (high - low)) for low, high in pairs))
