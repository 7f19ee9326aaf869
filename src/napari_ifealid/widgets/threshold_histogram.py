"""The values of a map as a histogram, over its colours, with a threshold that can be dragged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QBrush, QColor, QImage, QPainter, QPalette, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_ifealid.results.map_colours import coloured

BINS = 128
_MOST_VALUES = 1 << 17  # more would change no bar by a pixel
_HEIGHT, _STRIP, _MARGIN = 74, 9, 8  # pixels
_KEY_STEP = 0.01  # of the range


class ThresholdHistogram(QWidget):
    """Draws a histogram, the colour of each value under it, and a threshold.

    The threshold is dragged, or moved with the arrow keys.
    """

    changed = Signal(float)
    """The user has moved the threshold."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: NDArray[np.intp] = np.zeros(BINS, np.intp)
        self._range = 0.0, 1.0
        self._limits = 0.0, 1.0
        self._colours: NDArray[np.float64] = np.zeros((1, 4))
        self._threshold = 0.0
        self.title = ""
        self.end_texts = "0", "1"
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.SizeHorCursor)

    def sizeHint(self) -> QSize:  # noqa: N802  # the name is Qt's
        """Return a size that leaves room for the rest of the panel."""
        return QSize(200, _HEIGHT)

    def show_values(
        self,
        values: NDArray[np.float32],
        low: float,
        high: float,
        text: Callable[[float], str] = "{:.3g}".format,
    ) -> None:
        """Draw the histogram of a map.

        Parameters
        ----------
        values : array of float32
            Those that are not finite are left out.
        low, high : float
            Ends of the axis; values beyond them count at the ends.
        text : callable, optional
            Returns what is written for a value.
        """
        self.end_texts = text(low), text(high)
        self._range = low, high
        self._counts = histogram(values, low, high)
        self.update()

    def show_colours(self, colours: NDArray[Any], low: float, high: float) -> None:
        """Draw the colours of the values.

        Parameters
        ----------
        colours : array of float, shape (n, 4)
            RGBA between 0 and 1.
        low, high : float
            Values of the first and of the last colour.
        """
        if (low, high) != self._limits or not np.array_equal(colours, self._colours):
            self._limits, self._colours = (low, high), np.array(colours, float)
            self.update()

    @property
    def threshold(self) -> float:
        """Values below it are drawn dimmed."""
        return self._threshold

    @threshold.setter
    def threshold(self, threshold: float) -> None:
        if threshold != self._threshold:
            self._threshold = threshold
            self.update()

    def mousePressEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Take the threshold to the mouse."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._move_to(self._value_at(event.position().x()))

    def mouseMoveEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Drag the threshold."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._move_to(self._value_at(event.position().x()))

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Move the threshold with the arrow keys, Home and End."""
        (low, high), step = self._range, _KEY_STEP * (self._range[1] - self._range[0])
        moved = {
            Qt.Key.Key_Left: self._threshold - step,
            Qt.Key.Key_Right: self._threshold + step,
            Qt.Key.Key_Home: low,
            Qt.Key.Key_End: high,
        }.get(event.key())
        if moved is None:
            super().keyPressEvent(event)
        else:
            self._move_to(moved)

    def paintEvent(self, _: Any) -> None:  # noqa: N802  # the name is Qt's
        """Draw it."""
        painter = QPainter(self)
        text = self.palette().color(QPalette.ColorRole.WindowText)
        font = painter.font()
        font.setPointSize(8)
        painter.setFont(font)
        line = painter.fontMetrics().height()
        bars = QRectF(_MARGIN, 2, self._width, self.height() - line - _STRIP - 6)
        strip = QRectF(_MARGIN, bars.bottom() + 1, self._width, _STRIP)
        self._draw_bars(painter, bars, text)
        self._draw_colours(painter, strip, text)
        self._draw_threshold(painter, bars, strip, text)
        self._draw_texts(painter, QRectF(0, strip.bottom() + 1, self.width(), line + 2), text)

    @property
    def _width(self) -> float:
        return float(max(1, self.width() - 2 * _MARGIN))

    def _place(self, value: float) -> float:
        low, high = self._range
        share = (value - low) / (high - low) if high > low else 0.0
        return _MARGIN + self._width * min(max(share, 0.0), 1.0)

    def _value_at(self, x: float) -> float:
        low, high = self._range
        return low + (high - low) * min(max((x - _MARGIN) / self._width, 0.0), 1.0)

    def _move_to(self, value: float) -> None:
        low, high = self._range
        value = min(max(round(value, 3), low), high)
        if value != self._threshold:
            self.threshold = value
            self.changed.emit(value)

    def _draw_bars(self, painter: QPainter, area: QRectF, text: QColor) -> None:
        most = int(self._counts.max())
        if not most:
            return
        # the square root, so that a few alike pixels beside many others can be seen
        rows = max(1, round(area.height() * self.devicePixelRatioF()))
        heights = np.sqrt(self._counts / most) * rows
        heights[self._counts > 0] = np.maximum(1.0, heights[self._counts > 0])
        faint = QColor(text)
        faint.setAlpha(90)
        middles = area.left() + (np.arange(BINS) + 0.5) * area.width() / BINS
        colours = np.where(middles >= self._place(self._threshold), text.rgba(), faint.rgba())
        is_bar = np.arange(rows, 0, -1)[:, np.newaxis] <= heights
        pixels = np.where(is_bar, colours, 0).astype(np.uint32).tobytes()
        painter.drawImage(area, QImage(pixels, BINS, rows, 4 * BINS, QImage.Format.Format_ARGB32))

    def _draw_colours(self, painter: QPainter, area: QRectF, text: QColor) -> None:
        columns = max(1, round(area.width()))
        colours = coloured(np.linspace(*self._range, columns), self._colours, self._limits)
        colours[:, 3] = 1.0  # what is see-through in the picture is a colour all the same
        row = np.rint(colours * 255.0).astype(np.uint8).tobytes()
        image = QImage(row, columns, 1, 4 * columns, QImage.Format.Format_RGBA8888)
        painter.drawImage(area, image)
        painter.setBrush(QBrush())
        painter.setPen(QPen(text, 0.5))
        painter.drawRect(area)

    def _draw_threshold(self, painter: QPainter, bars: QRectF, strip: QRectF, text: QColor) -> None:
        x = self._place(self._threshold)
        colour = self.palette().color(QPalette.ColorRole.Highlight) if self.hasFocus() else text
        painter.setPen(QPen(colour, 2.0))
        painter.drawLine(QPointF(x, bars.top()), QPointF(x, strip.bottom()))
        painter.setBrush(colour)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(QPointF(x, bars.top() + 3), 3.5, 3.5)

    def _draw_texts(self, painter: QPainter, area: QRectF, text: QColor) -> None:
        painter.setPen(text)
        inner = area.adjusted(2, 0, -2, 0)
        for end, side in zip(self.end_texts, ("AlignLeft", "AlignRight"), strict=True):
            painter.drawText(inner, getattr(Qt.AlignmentFlag, side), end)
        painter.drawText(inner, Qt.AlignmentFlag.AlignHCenter, self.title)


def histogram(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.intp]:
    """Return how many values lie in each of 128 equal parts of a range.

    Parameters
    ----------
    values : array of float32
        Those that are not finite are left out; of very many, evenly spaced ones are counted.
    low, high : float
        Ends of the range. What is beyond them counts in the first and in the last part.

    Returns
    -------
    array of int, shape (128,)
    """
    flat = values.ravel()
    flat = flat[:: max(1, flat.size // _MOST_VALUES)]
    flat = flat[np.isfinite(flat)]
    if not flat.size or not low < high:
        return np.zeros(BINS, np.intp)
    numbers = ((flat - np.float32(low)) * np.float32(BINS / (high - low))).astype(np.intp)
    return np.bincount(np.clip(numbers, 0, BINS - 1), minlength=BINS)
