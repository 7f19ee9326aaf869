"""The parts of the vector chart: what pyqtgraph draws, with small changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QFontMetrics, QKeySequence

# isort: split
import pyqtgraph as pg  # after qtpy: it takes the Qt binding that is loaded already

from napari_ifealid.measures import UsedFeatures
from napari_ifealid.widgets.envelope import column_starts, envelope, outline
from napari_ifealid.widgets.feature_places import FeaturePlaces

_COLUMN = 4.0  # pixels; narrower steps can't be told apart
_WIDEST_LABEL = 90  # pixels; longer ones are elided
_LABEL_GAP = 10  # pixels
_LEAST_TICK_STEP = 5.0  # pixels


class Plot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph is not typed
    """Reports every move of the pointer; its scene leaves out those within 10 ms."""

    pointer_moved = pg.QtCore.Signal(object)
    escaped = pg.QtCore.Signal()
    undo_wanted = pg.QtCore.Signal()

    def mouseMoveEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Report a move."""
        super().mouseMoveEvent(event)
        self.pointer_moved.emit(self.mapToScene(event.pos()))

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Report the keys Escape and Ctrl+Z."""
        if event.matches(QKeySequence.StandardKey.Undo):
            event.accept()
            self.undo_wanted.emit()
            return
        super().keyPressEvent(event)
        if event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()


class View(pg.ViewBox):  # type: ignore[misc]  # pyqtgraph is not typed
    """A view that the mouse moves and zooms along the features only.

    Attributes
    ----------
    can_brush : bool
        Whether dragging selects a range; else it pans, as with the Shift key.
    """

    brushed = pg.QtCore.Signal(float, float)
    menu_wanted = pg.QtCore.Signal(object)

    def __init__(self) -> None:
        super().__init__(enableMenu=False, defaultPadding=0.0)
        self.can_brush = False
        self.setMouseEnabled(x=True, y=False)
        self.disableAutoRange()

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:  # noqa: N802
        """Select a range of the axis, or pan."""
        is_plain = event.button() == Qt.MouseButton.LeftButton and not event.modifiers()
        if not (is_plain and self.can_brush and axis is None):
            super().mouseDragEvent(event, axis)
            return
        event.accept()
        ends = (self.mapToView(place).x() for place in (event.buttonDownPos(), event.pos()))
        self.brushed.emit(*ends)

    def mouseClickEvent(self, event: Any) -> None:  # noqa: N802  # the name is pyqtgraph's
        """Ask for a menu at a right click."""
        if event.button() == Qt.MouseButton.RightButton:
            event.accept()
            self.menu_wanted.emit(event.screenPos().toPoint())


class FeatureAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph is not typed
    """Ticks at round numbers, or at whole positions with the labels of the features there."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self._labels: Sequence[str] | None = None
        self._least_spacing = 0.0
        self._widest = 0
        self._pixels = 1.0  # per feature

    def show_numbers(self, least_spacing: float) -> None:
        """Show round numbers, no closer than this."""
        self._labels, self._least_spacing = None, least_spacing
        self.setStyle(maxTextLevel=2)
        self.setTicks(None)  # forgets the drawn ones

    def show_labels(self, labels: Sequence[str], widest: str) -> None:
        """Show the labels of features, of which no other is wider than one of them.

        Parameters
        ----------
        labels : sequence of str, length C
            From left to right.
        widest : str
        """
        self._labels = labels
        self._widest = self._metrics.horizontalAdvance(widest)
        self.setStyle(maxTextLevel=0)
        self.setTicks(None)

    def tickSpacing(self, *extent: float) -> list[tuple[float, float]]:  # noqa: N802
        """Return the steps between ticks, with their offsets."""
        if self._labels is None:
            levels = super().tickSpacing(*extent)
            return [level for level in levels if level[0] >= self._least_spacing] or [(1, 0)]
        low, high, size = extent
        self._pixels = size / (high - low)
        step = _round_step((min(self._widest, _WIDEST_LABEL) + _LABEL_GAP) / self._pixels)
        offset = step // 2 if self._widest > _WIDEST_LABEL else 0  # not beyond the left end
        ticks: list[tuple[float, float]] = [(step, offset)]
        return [*ticks, (1, 0)] if step > 1 and self._pixels >= _LEAST_TICK_STEP else ticks

    def tickStrings(  # noqa: N802
        self, values: Sequence[float], scale: float, spacing: float
    ) -> list[str]:
        """Return the texts at these positions, each no wider than its place."""
        if self._labels is None:
            return [str(text) for text in super().tickStrings(values, scale, spacing)]
        width = max(int(spacing * self._pixels) - _LABEL_GAP, _WIDEST_LABEL)
        places = map(round, values)
        return [self._elided(place, width) for place in places]

    def _elided(self, place: int, width: int) -> str:
        if self._labels is None or not 0 <= place < len(self._labels):
            return ""
        return str(
            self._metrics.elidedText(self._labels[place], Qt.TextElideMode.ElideMiddle, width)
        )

    @property
    def _metrics(self) -> QFontMetrics:
        return QFontMetrics(self.style["tickFont"])


@dataclass(frozen=True, eq=False)
class Window:
    """What of the features is shown.

    Parameters
    ----------
    places : FeaturePlaces
    shown : slice
        The features in view, counted from the left.
    starts : array of int, shape (K,), or None
        Where the features of each column of the screen begin; None where each has a step.
    used : UsedFeatures, optional
        Those that are drawn; others are gaps. All are unless given.
    """

    places: FeaturePlaces
    shown: slice
    starts: NDArray[np.intp] | None
    used: UsedFeatures | None = None

    @classmethod
    def of(
        cls,
        places: FeaturePlaces,
        left: float,
        right: float,
        pixels: float,
        used: UsedFeatures | None = None,
    ) -> Window:
        """Return what is shown between two places, on so many pixels."""
        shown = places.positions_between(left, right)
        starts = column_starts(places.centres, left, right, pixels / _COLUMN)
        return cls(places, shown, starts, used)

    def ordered(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values from left to right, NaN where features are not used.

        Parameters
        ----------
        values : array, shape (..., C)
        """
        if self.used is not None:
            values = np.where(self.used.is_used, values, np.nan)
        return values[..., self.places.order]


class StepCurve(pg.PlotCurveItem):  # type: ignore[misc]  # pyqtgraph is not typed
    """One step for each feature, or the envelope of them where there are too many.

    Attributes
    ----------
    values : array of float64, shape (C,), or None
        In the order of the features.
    bounds : (float, float) or None
        The smallest and the largest value in view.
    """

    def __init__(self, name: str, *, is_filled: bool = False) -> None:
        self.values: NDArray[np.float64] | None = None
        self.bounds: tuple[float, float] | None = None
        self._is_filled = is_filled
        super().__init__(name=name, antialias=False)

    def take_colour(self, line: QColor, width: float, fill: QColor | None = None) -> None:
        """Draw with these colours; None fills nothing."""
        pen, brush = pg.mkPen(line, width=width), pg.mkBrush(fill)
        if pen != self.opts["pen"] or brush != self.opts["brush"]:
            self.setPen(pen)
            self.setBrush(brush)

    def draw(self, values: NDArray[Any] | None, window: Window) -> None:
        """Draw other values; None draws nothing."""
        self.values = None if values is None else np.array(values, np.float64)
        self.redraw(window)

    def redraw(self, window: Window) -> None:
        """Draw the same values in another window."""
        shown = np.empty(0)
        if self.values is not None:
            shown = window.ordered(self.values)
        finite = np.isfinite(shown)
        known = shown[window.shown][finite[window.shown]]
        self.bounds = (float(known.min()), float(known.max())) if known.size else None
        if not finite.any():
            self.setData(stepMode=None)
        elif window.starts is None:
            self._draw_steps(shown, finite, window)
        else:
            self._draw_envelope(np.where(finite, shown, np.nan), window.starts, window)

    def _draw_steps(
        self, shown: NDArray[np.float64], finite: NDArray[np.bool_], window: Window
    ) -> None:
        whole = bool(finite.all())
        self.setData(
            x=window.places.edges,
            y=shown,
            stepMode="center",
            fillLevel=0.0 if self._is_filled else None,
            connect="all" if whole else "finite",
            skipFiniteCheck=whole,
        )

    def _draw_envelope(
        self, shown: NDArray[np.float64], starts: NDArray[np.intp], window: Window
    ) -> None:
        low, high = envelope(shown, starts)
        if self._is_filled:
            low, high = np.minimum(low, 0.0), np.maximum(high, 0.0)
        edges = window.places.edges
        x, y = outline(np.append(edges[starts], edges[-1]), low, high)
        level = 0.0 if self._is_filled else None
        whole = len(x) == 4 * len(low) + 1
        self.setData(
            x=x,
            y=y,
            stepMode=None,
            fillLevel=level,
            connect="all" if whole else "finite",
            skipFiniteCheck=whole,
        )


def _round_step(least: float) -> int:
    """Return 1, 2 or 5 times a power of ten, no smaller than this."""
    power = 10 ** max(floor(log10(least)), 0) if least > 0.0 else 1
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)
