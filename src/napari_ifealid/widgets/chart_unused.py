"""The back of the chart where features are left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from qtpy.QtCore import QRectF
from qtpy.QtGui import QColor, QPainter

# isort: split
import pyqtgraph as pg  # after qtpy: it takes the Qt binding that is loaded already

from napari_ifealid.measures import UsedFeatures
from napari_ifealid.widgets.feature_places import FeaturePlaces


class UnusedBack(pg.GraphicsObject):  # type: ignore[misc]  # pyqtgraph is not typed
    """A band over the whole height behind each range of features that are left out.

    Attributes
    ----------
    spans : tuple of (float, float)
        Where along the axis they begin and end.
    """

    def __init__(self) -> None:
        super().__init__()
        self.spans: tuple[tuple[float, float], ...] = ()
        self._colour = QColor()

    def take_colour(self, colour: QColor) -> None:
        """Fill with this colour."""
        self._colour = colour
        self.update()

    def show_used(self, used: UsedFeatures | None, places: FeaturePlaces) -> None:
        """Show which features are left out, where they lie now.

        Parameters
        ----------
        used : UsedFeatures or None
            None: all are used.
        places : FeaturePlaces
        """
        self.spans = () if used is None else tuple(_spans(used, places))
        self.update()

    def boundingRect(self) -> QRectF:  # noqa: N802  # the name is Qt's
        """Return all that is in view."""
        return QRectF(self.viewRect())

    def viewTransformChanged(self) -> None:  # noqa: N802  # the name is pyqtgraph's
        """Follow the view."""
        super().viewTransformChanged()
        self.prepareGeometryChange()

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Draw the bands."""
        view = self.boundingRect()
        for left, right in self.spans:
            painter.fillRect(QRectF(left, view.top(), right - left, view.height()), self._colour)


def _spans(used: UsedFeatures, places: FeaturePlaces) -> Iterator[tuple[float, float]]:
    left_out = ~np.array(used.is_used)[places.order]
    turns = np.flatnonzero(np.diff(left_out, prepend=False, append=False))
    for first, end in zip(turns[::2], turns[1::2], strict=True):
        yield float(places.edges[first]), float(places.edges[end])
