"""The curves of the chart: the pixel under the cursor, the pins and their mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor

# isort: split
import pyqtgraph as pg  # after qtpy: it takes the Qt binding that is loaded already

from napari_ifealid.widgets.chart_band import Band
from napari_ifealid.widgets.chart_colours import ChartColours
from napari_ifealid.widgets.chart_items import StepCurve, Window
from napari_ifealid.widgets.chart_legend import LegendEntry

_BAND = 0.3  # how much of a curve's colour its band has
_MARKED = 3.0  # how much wider a marked curve is
CURSOR_NAME = "cursor"
MEAN_NAME = "mean"
"""Names of the curves of the pixel under the cursor and of the mean."""


@dataclass(frozen=True, eq=False)
class PinnedVector:
    """The values of a pinned pixel, or the mean of several.

    Parameters
    ----------
    values : array, shape (C,)
        One value for each feature.
    colour : str
        Colour of the curve, e.g. ``"#ff8800"``.
    name : str
        Name in the legend.
    deviation : array, shape (C,), optional
        The standard deviation, where the values are the mean of several pixels.
    """

    values: NDArray[Any]
    colour: str
    name: str
    deviation: NDArray[Any] | None = None


class ChartCurves:
    """Draws pixel vectors as step curves, with bands for their standard deviations.

    Parameters
    ----------
    plot : pyqtgraph.PlotItem
        That they are drawn in.
    window : Window
    colours : ChartColours
    line_width : float
        In pixels.
    """

    def __init__(
        self, plot: pg.PlotItem, window: Window, colours: ChartColours, line_width: float
    ) -> None:
        self._plot = plot
        self._window = window
        self._colours = colours
        self._line_width = line_width
        self._cursor = StepCurve(CURSOR_NAME, is_filled=True)
        self._cursor_band = Band()
        self._cursor_deviation: NDArray[Any] | None = None
        self._mean = StepCurve(MEAN_NAME)
        self._pins: list[StepCurve] = []
        self._bands: list[Band] = []  # of the pins
        self._vectors: list[PinnedVector] = []  # that the pins' curves are of
        self._cursor_band.setZValue(-0.5)
        self._mean.setZValue(2)
        for part in (self._cursor_band, self._cursor, self._mean):
            plot.addItem(part, ignoreBounds=True)
        self.take_colours(colours)

    @property
    def cursor_values(self) -> NDArray[np.float64] | None:
        """The values under the cursor, if any."""
        return self._cursor.values

    @property
    def cursor_deviation(self) -> NDArray[Any] | None:
        """Their standard deviation, where they are a mean."""
        return self._cursor_deviation

    @property
    def mean_values(self) -> NDArray[np.float64] | None:
        """The mean of the pins, if it is drawn."""
        return self._mean.values

    @property
    def pins(self) -> list[PinnedVector]:
        """The vectors of the pins, as they are drawn."""
        parts = zip(self._vectors, self._pins, strict=True)
        return [
            replace(vector, values=curve.values)
            for vector, curve in parts
            if curve.values is not None
        ]

    @property
    def listed(self) -> list[tuple[str, NDArray[Any]]]:
        """Name of each curve, and its values in the order of the features.

        Behind a mean of several pixels comes its standard deviation.
        """
        deviations = [self._cursor_deviation, *(pin.deviation for pin in self._vectors), None]
        listed = []
        for curve, deviation in zip(self._all, deviations, strict=True):
            if curve.values is not None:
                listed.append((curve.name(), curve.values))
                if deviation is not None:
                    listed.append((f"{curve.name()}, standard deviation", deviation))
        return listed

    @property
    def legend_entries(self) -> list[LegendEntry]:
        """What the legend lists: the pins, then their mean."""
        entries = [LegendEntry(pin.name, self._colours.of_pin(pin.colour)) for pin in self._vectors]
        if self._mean.values is not None:
            entries.append(LegendEntry(MEAN_NAME, self._colours.text.name(), is_dashed=True))
        return entries

    @property
    def cursor_entry(self) -> LegendEntry | None:
        """The same of the pixel under the cursor; None without one."""
        if self._cursor.values is None:
            return None
        return LegendEntry(CURSOR_NAME, self._colours.cursor.name())

    @property
    def bounds(self) -> Iterator[tuple[float, float]]:
        """Smallest and largest value in view of each curve and band that has any."""
        return (part.bounds for part in self._drawn if part.bounds is not None)

    def show_cursor(
        self, values: NDArray[Any] | None, deviation: NDArray[Any] | None = None
    ) -> None:
        """Draw the values under the cursor; None draws nothing.

        Raises
        ------
        ValueError
            If there are more or fewer values than features.
        """
        self._check(values)
        self._cursor.draw(values, self._window)
        self._cursor_deviation = deviation
        self._cursor_band.draw(values, deviation, self._window)

    def show_pins(self, vectors: Sequence[PinnedVector], mean: NDArray[Any] | None = None) -> None:
        """Draw the vectors of the pins, none of them marked, and their mean.

        Raises
        ------
        ValueError
            If one has more or fewer values than there are features.
        """
        for values in (*(vector.values for vector in vectors), mean):
            self._check(values)
        self._set_pin_count(len(vectors))
        self._vectors = list(vectors)
        for curve, band, vector in zip(self._pins, self._bands, vectors, strict=True):
            curve.opts["name"] = vector.name
            curve.draw(vector.values, self._window)
            band.draw(vector.values, vector.deviation, self._window)
        self._mean.draw(mean, self._window)

    def clear(self) -> None:
        """Draw nothing."""
        self.show_cursor(None)
        self.show_pins(())

    def redraw(self, window: Window) -> None:
        """Draw the same in another window."""
        self._window = window
        for part in self._drawn:
            part.redraw(window)

    def mark(self, index: int | None) -> None:
        """Colour the pins' curves, and draw one of them thicker.

        Parameters
        ----------
        index : int or None
            Of the pins. None: mark none.
        """
        parts = zip(self._pins, self._bands, self._vectors, strict=True)
        for number, (curve, band, vector) in enumerate(parts):
            colour = QColor(self._colours.of_pin(vector.colour))
            band.take_colour(self._colours.mixed(_BAND, colour))
            is_marked = number == index
            curve.take_colour(colour, self._line_width * (_MARKED if is_marked else 1.0))
            curve.setZValue(1 if is_marked else 0)

    def take_colours(self, colours: ChartColours) -> None:
        """Follow the theme; the pins' curves do so once they are marked anew."""
        self._colours = colours
        self._cursor.take_colour(colours.cursor, self._line_width, colours.cursor_fill)
        self._cursor_band.take_colour(colours.cursor_band)
        dashes = pg.mkPen(colours.text, width=self._line_width, style=Qt.PenStyle.DashLine)
        dashes.setCapStyle(Qt.PenCapStyle.FlatCap)  # others fill the gaps
        self._mean.setPen(dashes)

    @property
    def _all(self) -> list[StepCurve]:
        return [self._cursor, *self._pins, self._mean]

    @property
    def _drawn(self) -> list[StepCurve | Band]:
        return [*self._all, self._cursor_band, *self._bands]

    def _check(self, values: NDArray[Any] | None) -> None:
        count = len(self._window.places.order)
        if values is not None and np.shape(values) != (count,):
            raise ValueError(f"a vector of shape {np.shape(values)} for {count} features")

    def _set_pin_count(self, count: int) -> None:
        while len(self._pins) > count:
            self._plot.removeItem(self._pins.pop())
            self._plot.removeItem(self._bands.pop())
        while len(self._pins) < count:
            self._pins.append(StepCurve(""))
            self._bands.append(Band())
            self._bands[-1].setZValue(-0.4)
            for part in (self._bands[-1], self._pins[-1]):
                self._plot.addItem(part, ignoreBounds=True)
