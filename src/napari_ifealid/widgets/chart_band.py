"""A band of the chart: what lies between two step functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtGui import QColor

# isort: split
import pyqtgraph as pg  # after qtpy: it takes the Qt binding that is loaded already

from napari_ifealid.widgets.chart_items import Window
from napari_ifealid.widgets.envelope import envelope, outline


class Band(pg.PlotCurveItem):  # type: ignore[misc]  # pyqtgraph is not typed
    """The standard deviation around a mean, to both sides.

    Attributes
    ----------
    bounds : (float, float) or None
        The smallest and the largest value in view.
    """

    def __init__(self) -> None:
        self.bounds: tuple[float, float] | None = None
        self._ends: NDArray[np.float64] | None = None  # in the order of the features
        super().__init__(antialias=False)
        self.setPen(None)

    def take_colour(self, fill: QColor) -> None:
        """Fill with this colour."""
        brush = pg.mkBrush(fill)
        if brush != self.opts["brush"]:
            self.setBrush(brush)

    def draw(
        self, mean: NDArray[Any] | None, deviation: NDArray[Any] | None, window: Window
    ) -> None:
        """Draw another band; None draws nothing.

        Parameters
        ----------
        mean, deviation : array, shape (C,), or None
            NaN leaves a gap.
        window : Window
        """
        self._ends = None
        if mean is not None and deviation is not None:
            middle, half = np.asarray(mean, np.float64), np.asarray(deviation, np.float64)
            self._ends = np.array([middle - half, middle + half])
        self.redraw(window)

    def redraw(self, window: Window) -> None:
        """Draw the same band in another window."""
        self.bounds = None
        if self._ends is None:
            self.setData(x=[], y=[])
            return
        low, high = window.ordered(self._ends)
        shown_low, shown_high = low[window.shown], high[window.shown]
        if np.isfinite(shown_low).any():
            self.bounds = float(np.nanmin(shown_low)), float(np.nanmax(shown_high))
        edges = window.places.edges
        if window.starts is not None:
            low, high = envelope(low, window.starts)[0], envelope(high, window.starts)[1]
            edges = np.append(edges[window.starts], edges[-1])
        x, y = outline(edges, low, high)
        self.setData(x=x, y=y, fillLevel="enclosed", connect="finite")
