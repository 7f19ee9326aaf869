"""The chart of pixel vectors: each value of a pixel over its feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import (  # type: ignore[attr-defined]  # qtpy does not type QAction
    QAction,
    QColor,
    QFontMetrics,
    QPalette,
)
from qtpy.QtWidgets import QMenu, QSizePolicy, QVBoxLayout, QWidget

# isort: split
import pyqtgraph as pg  # after qtpy: it takes the Qt binding that is loaded already

from napari_ifealid.measures import UsedFeatures
from napari_ifealid.numeric_labels import numeric_labels
from napari_ifealid.widgets.chart_band import Band
from napari_ifealid.widgets.chart_export import (
    FILTERS,
    PAPER_SIZE,
    Paper,
    export_chart,
    legend_height,
)
from napari_ifealid.widgets.chart_items import FeatureAxis, Plot, StepCurve, View, Window
from napari_ifealid.widgets.chart_legend import ChartLegend, LegendEntry
from napari_ifealid.widgets.chart_unused import UnusedBack
from napari_ifealid.widgets.feature_places import FeaturePlaces
from napari_ifealid.widgets.paper_colours import on_white
from napari_ifealid.widgets.save_file import save_file

_LEAST_HEIGHT = 80  # pixels
_FONT_SIZE = 8  # points
_WIDEST_TICK = "-0.00000"
_LABEL_PLACE = 0.9  # of the mark's text, as a fraction of the plot's height
_BAND = 0.3  # how much of a curve's colour its band has
_MARKED = 3.0  # how much wider a marked curve is
_PAPER = QPalette(QColor("black"), QColor("white"))
MEAN_NAME = "mean"
"""Name of the mean's curve."""


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


class VectorChart(QWidget):
    """Step curves of pixel vectors over their features.

    The wheel zooms along the features only; the values in view, and 0, are always shown. The
    colours come from the widget's palette.

    Parameters
    ----------
    parent : QWidget, optional
    line_width : float, optional
        Of curves and axes, in pixels.

    Attributes
    ----------
    feature_hovered : Signal(int | None)
        The feature under the pointer when that changes; None once the pointer has left the plot.
    feature_clicked : Signal(int)
        The feature that was clicked, without dragging.
    features_brushed : Signal(slice | None)
        The range of features that was selected by dragging; None once it is given up.
    undo_wanted : Signal()
        The keys Ctrl+Z have been pressed.
    shown : Signal()
        The chart has come into sight.
    plot : pyqtgraph.PlotWidget
    legend : ChartLegend
        Of the pinned pixels, then of their mean. Whoever shows the chart finds a place for it.
    """

    feature_hovered = Signal(object)
    feature_clicked = Signal(int)
    features_brushed = Signal(object)
    undo_wanted = Signal()
    shown = Signal()

    def __init__(self, parent: QWidget | None = None, *, line_width: float = 1.0) -> None:
        super().__init__(parent)
        self._line_width = line_width
        self._given: tuple[str | float, ...] = ()
        self._labels: tuple[str, ...] = ()
        self._are_numbers = True
        self._natural = self._places = FeaturePlaces.in_order(np.arange(0))
        self._marked: int | None = None
        self._hovered: int | None = None
        self._brushed: slice | None = None
        self._low = self._high = 0.0
        self._pins: list[StepCurve] = []
        self._bands: list[Band] = []  # of the pins
        self._cursor_band = Band()
        self._deviations: list[NDArray[Any] | None] = [None]  # of the cursor and the pins
        self._colours: list[str] = []
        self._title: str | None = None  # of the axis, still to be shown
        self._used: UsedFeatures | None = None
        self._back = UnusedBack()
        self._axis = FeatureAxis()
        self._view = View()
        self.plot = Plot(viewBox=self._view, axisItems={"bottom": self._axis})
        self.legend = ChartLegend()
        self._cursor = StepCurve("cursor", is_filled=True)
        self._mean = StepCurve(MEAN_NAME)
        self._zero = pg.InfiniteLine(0.0, angle=0)
        self._mark = pg.InfiniteLine(angle=90, label="", labelOpts={"position": _LABEL_PLACE})
        self._region = pg.LinearRegionItem(movable=False)
        self._menu = self._new_menu()
        self._lay_out()
        self._window = self._current_window()
        self._bind()
        self.set_features(())

    def set_features(self, labels: Sequence[str | float]) -> None:
        """Start anew with other features: without curves, in their own order, all in view.

        Parameters
        ----------
        labels : sequence of str or float, length C
            A label for each feature, e.g. its wavelength; its number where it has none. Numbers
            of one unit, such as ``"450 nm"``, make a numeric axis.
        """
        self._hover(None)
        self._brush(None)
        self._given = tuple(labels)
        self._labels = tuple(map(_label_text, labels))
        self._are_numbers = self._given == tuple(range(len(labels)))
        self._numeric = numeric_labels(labels)
        self._widest = max(self._labels, key=len, default="")
        self._used = None
        order = np.arange(len(labels))
        self._natural = (
            FeaturePlaces.in_order(order)
            if self._numeric is None
            else FeaturePlaces.at(self._numeric.numbers)
        )
        self.mark_feature(None)
        for curve in (self._cursor, self._mean):
            curve.draw(None, self._window)
        self._deviations[0] = None
        self._cursor_band.draw(None, None, self._window)
        self.set_pinned_vectors(())
        self._set_places(self._natural)
        self.reset_view()

    def set_used(self, used: UsedFeatures | None) -> None:
        """Draw some features only; the others are gaps in front of a grey band.

        Parameters
        ----------
        used : UsedFeatures or None
            Of as many features as the chart has. None: draw all of them.
        """
        if used != self._used:
            self._used = used
            self._back.show_used(used, self._places)
            self._on_window()
            self._show_mark()

    def offer(self, actions: Sequence[QAction]) -> None:
        """Offer actions at the top of the chart's menu, too."""
        first = self._menu.actions()[0]
        self._menu.insertActions(first, actions)
        self._menu.insertSeparator(first)

    def set_cursor_vector(
        self, values: NDArray[Any] | None, deviation: NDArray[Any] | None = None
    ) -> None:
        """Draw the values of the hovered pixel, or the mean of those around it.

        Parameters
        ----------
        values : array, shape (C,), or None
            NaN leaves a gap. None: draw nothing.
        deviation : array, shape (C,), optional
            The standard deviation, drawn as a band.

        Raises
        ------
        ValueError
            If there are more or fewer values than features.
        """
        self._draw(self._cursor, values)
        self._deviations[0] = deviation
        self._cursor_band.draw(values, deviation, self._window)
        self._show_range()
        if self._marked is not None:
            self._show_mark()

    def set_pinned_vectors(
        self, vectors: Sequence[PinnedVector], mean: NDArray[Any] | None = None
    ) -> None:
        """Draw the values of the pinned pixels and list them in the legend.

        Parameters
        ----------
        vectors : sequence of PinnedVector
        mean : array, shape (C,), optional
            Their mean, where that is what pixels are compared with.

        Raises
        ------
        ValueError
            If one has more or fewer values than there are features.
        """
        self._set_pin_count(len(vectors))
        self._colours = [vector.colour for vector in vectors]
        self._deviations[1:] = [vector.deviation for vector in vectors]
        for curve, band, vector in zip(self._pins, self._bands, vectors, strict=True):
            curve.opts["name"] = vector.name
            self._draw(curve, vector.values)
            band.draw(vector.values, vector.deviation, self._window)
        self._draw(self._mean, mean)
        self._show_legend()
        self._colour_pins()
        self._show_range()

    def mark_pin(self, index: int | None) -> None:
        """Draw a pinned pixel's curve thicker, and mark it in the legend.

        Parameters
        ----------
        index : int or None
            Of the vectors that are shown. None: mark none.
        """
        self.legend.mark(index)
        self._colour_pins()

    def clear_selection(self) -> None:
        """Give up the range of features that was selected."""
        self._brush(None)

    def set_order(self, order: NDArray[np.intp] | None) -> None:
        """Set the order of the features from left to right.

        Parameters
        ----------
        order : array of int, shape (C,), or None
            Position p shows feature ``order[p]``. None: by their labels where these are numbers,
            else by the features' numbers.

        Raises
        ------
        ValueError
            If it does not name each feature once.
        """
        if order is None:
            if self._places is not self._natural:
                self._set_places(self._natural)
            return
        count = len(self._labels)
        order = np.array(order, np.intp)
        if not np.array_equal(np.sort(order), np.arange(count)):
            raise ValueError(f"the order must name each of the features 0 to {count - 1} once")
        if self._places is self._natural or not np.array_equal(order, self._places.order):
            self._set_places(FeaturePlaces.in_order(order))

    def mark_feature(self, feature: int | None) -> None:
        """Mark a feature with a line, its label and the value under the cursor.

        Parameters
        ----------
        feature : int or None
            None: mark nothing.

        Raises
        ------
        ValueError
            If there is no such feature.
        """
        if feature is not None and not 0 <= feature < len(self._labels):
            raise ValueError(f"no feature {feature}: there are {len(self._labels)}")
        self._marked = feature
        self._show_mark()

    @property
    def labels(self) -> tuple[str, ...]:
        """The label of each feature."""
        return self._labels

    @property
    def curves(self) -> list[tuple[str, NDArray[Any]]]:
        """Name of each curve, and its values in the order of the features.

        Behind a mean of several pixels comes its standard deviation.
        """
        curves = []
        for curve, deviation in zip(self._all, [*self._deviations, None], strict=True):
            if curve.values is not None:
                curves.append((curve.name(), curve.values))
                if deviation is not None:
                    curves.append((f"{curve.name()}, standard deviation", deviation))
        return curves

    def reset_view(self) -> None:
        """Show all features."""
        self._view.setXRange(*self._places.ends, padding=0.0)
        self._on_window()

    def export(self, path: Path, *, force: bool = False) -> None:
        """Save the chart as PNG or SVG, or its values as CSV: the suffix decides.

        Raises
        ------
        DatasetError
            If the suffix is another, or the file can't be written.
        """
        export_chart(path, self._on_paper, self._labels, self.curves, force=force)

    def ask_where_to_export(self) -> None:
        """Ask for a file, and save the chart or its values there."""
        save_file(self, "Export the chart", Path("chart"), FILTERS, self.export)

    def leaveEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Report that no feature is hovered any more."""
        super().leaveEvent(event)
        self._hover(None)

    def showEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Report that the chart has come into sight."""
        super().showEvent(event)
        self.shown.emit()

    def hideEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Report that no feature is hovered or selected any more."""
        super().hideEvent(event)
        self._hover(None)
        self._brush(None)

    def changeEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._take_colours()

    def _on_paper(self, line_width: float) -> Paper:
        """Return the same in dark colours on white, at the size of the paper."""
        copy = VectorChart(line_width=line_width)
        copy.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        copy.setPalette(_PAPER)
        copy.set_features(self._given)
        copy.set_used(self._used)
        copy.set_order(None if self._places is self._natural else self._places.order)
        copy.set_cursor_vector(self._cursor.values, self._deviations[0])
        drawn = zip(self._pins, self._colours, self._deviations[1:], strict=True)
        pins = [
            PinnedVector(curve.values, on_white(colour), curve.name(), deviation)
            for curve, colour, deviation in drawn
            if curve.values is not None
        ]
        copy.set_pinned_vectors(pins, self._mean.values)
        copy.mark_feature(self._marked)
        entries = copy.paper_entries
        font = copy.plot.getPlotItem().getAxis("bottom").style["tickFont"]
        height = PAPER_SIZE.height() - legend_height(entries, font)
        copy.resize(PAPER_SIZE.width(), height)
        copy.show()
        copy.plot.getPlotItem().getViewBox().setXRange(*self._view.viewRange()[0], padding=0.0)
        copy.grab()  # lays everything out
        return Paper(copy, copy.plot, entries, font)

    @property
    def paper_entries(self) -> tuple[LegendEntry, ...]:
        """What a printed legend lists: with pins the pixel under the cursor, too."""
        cursor = LegendEntry("cursor", self._cursor.opts["pen"].color().name())
        has_cursor = bool(self.legend.entries) and self._cursor.values is not None
        return (cursor, *self.legend.entries) if has_cursor else self.legend.entries

    @property
    def _all(self) -> list[StepCurve]:
        return [self._cursor, *self._pins, self._mean]

    @property
    def _drawn(self) -> list[StepCurve | Band]:
        return [*self._all, self._cursor_band, *self._bands]

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.plot)
        self.setMinimumHeight(_LEAST_HEIGHT)
        self.plot.setMinimumSize(0, 0)
        # as wide as the dock is for other reasons, and as high as is left
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        item = self.plot.getPlotItem()
        item.setMenuEnabled(False, enableViewBoxMenu=False)  # they offer what does not fit
        item.hideButtons()
        item.setContentsMargins(0, 4, 12, 0)  # half a tick's text at the right
        self._size_axes()
        self._zero.setZValue(-1)
        self._mark.setZValue(3)
        self._mean.setZValue(2)
        self._region.setZValue(-2)
        self._region.hide()
        self._cursor_band.setZValue(-0.5)
        lines = (self._zero, self._region, self._cursor, self._mean, self._mark)
        self._back.setZValue(-3)
        for part in (self._back, self._cursor_band, *lines):
            item.addItem(part, ignoreBounds=True)
        self._take_colours()

    def _size_axes(self) -> None:
        font = self.font()
        font.setPointSize(_FONT_SIZE)
        left = self.plot.getPlotItem().getAxis("left")
        for axis in (left, self._axis):
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickFont=font, tickLength=-4, maxTickLevel=1)
        self._axis.setStyle(hideOverlappingLabels=False)
        left.setWidth(QFontMetrics(font).horizontalAdvance(_WIDEST_TICK) + 8)
        self._mark.label.setFont(font)

    def _bind(self) -> None:
        self.plot.pointer_moved.connect(self._on_move)
        self.plot.escaped.connect(self.clear_selection)
        self.plot.undo_wanted.connect(self.undo_wanted.emit)
        self.plot.scene().sigMouseClicked.connect(self._on_click)
        self._view.sigXRangeChanged.connect(self._on_window)
        self._view.sigResized.connect(self._on_window)
        self._view.brushed.connect(self._on_brushed)
        self._view.menu_wanted.connect(self._show_menu)

    def _new_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction("Reset view", self.reset_view)
        menu.addAction("Export…", self.ask_where_to_export)
        return menu

    def _show_menu(self, place: QPoint) -> None:
        self._menu.popup(place)

    def _take_colours(self) -> None:
        background = self.palette().color(QPalette.ColorRole.Window)
        text = self.palette().color(QPalette.ColorRole.WindowText)
        self.plot.setBackground(background)
        for axis in (self.plot.getPlotItem().getAxis("left"), self._axis):
            axis.setPen(pg.mkPen(_mixed(background, text, 0.4), width=self._line_width))
            axis.setTextPen(text)
        # curves are seen on it
        fill = _mixed(background, text, 0.2 if self._is_light else 0.35)
        width = self._line_width
        self._back.take_colour(_mixed(background, text, 0.1))
        self._cursor.take_colour(_mixed(background, text, 0.55), width, fill)
        self._cursor_band.take_colour(_mixed(background, text, 0.3 if self._is_light else 0.5))
        self._zero.setPen(pg.mkPen(_mixed(background, text, 0.4), width=width))
        dashes = pg.mkPen(text, width=width, style=Qt.PenStyle.DashLine)
        dashes.setCapStyle(Qt.PenCapStyle.FlatCap)  # others fill the gaps
        self._mean.setPen(dashes)
        self._region.setBrush(_mixed(background, text, 0.2))
        for line in self._region.lines:
            line.setPen(_mixed(background, text, 0.5))
        self._mark.setPen(pg.mkPen(text, width=width))
        self._mark.label.setColor(text)
        self._mark.label.fill = pg.mkBrush(_mixed(background, text, 0.1))
        self._show_legend()
        self._colour_pins()

    @property
    def _is_light(self) -> bool:
        """Whether the background is lighter than what is drawn on it."""
        window, text = QPalette.ColorRole.Window, QPalette.ColorRole.WindowText
        palette = self.palette()
        return bool(palette.color(window).lightness() > palette.color(text).lightness())

    @property
    def _shown_colours(self) -> list[str]:
        """The colours of the pins' curves, darker on a light background."""
        return [on_white(colour) if self._is_light else colour for colour in self._colours]

    def _show_legend(self) -> None:
        names = [curve.name() for curve in self._pins]
        entries = [LegendEntry(*pair) for pair in zip(names, self._shown_colours, strict=True)]
        if self._mean.values is not None:
            text = self.palette().color(QPalette.ColorRole.WindowText).name()
            entries.append(LegendEntry(MEAN_NAME, text, is_dashed=True))
        self.legend.show_entries(entries)

    def _colour_pins(self) -> None:
        background = self.palette().color(QPalette.ColorRole.Window)
        parts = zip(self._pins, self._bands, self._shown_colours, strict=True)
        for number, (curve, band, colour) in enumerate(parts):
            band.take_colour(_mixed(background, QColor(colour), _BAND))
            is_marked = number == self.legend.marked
            width = self._line_width * (_MARKED if is_marked else 1.0)
            curve.take_colour(QColor(colour), width)
            curve.setZValue(1 if is_marked else 0)

    def _set_pin_count(self, count: int) -> None:
        item = self.plot.getPlotItem()
        while len(self._pins) > count:
            item.removeItem(self._pins.pop())
            item.removeItem(self._bands.pop())
        while len(self._pins) < count:
            self._pins.append(StepCurve(""))
            self._bands.append(Band())
            self._bands[-1].setZValue(-0.4)
            for part in (self._bands[-1], self._pins[-1]):
                item.addItem(part, ignoreBounds=True)

    def _draw(self, curve: StepCurve, values: NDArray[Any] | None) -> None:
        count = len(self._labels)
        if values is not None and np.shape(values) != (count,):
            raise ValueError(f"a vector of shape {np.shape(values)} for {count} features")
        curve.draw(values, self._window)

    def _set_places(self, places: FeaturePlaces) -> None:
        before, self._places = self._places.ends, places
        self._back.show_used(self._used, places)
        self._brush(None)
        self._view.can_brush = places.are_successive
        self._show_labels()
        self._show_title()
        if places.ends != before:
            left, right = places.ends
            self._view.setLimits(
                xMin=left, xMax=right, minXRange=places.narrowest, maxXRange=right - left
            )
            self.reset_view()
        else:
            self._redraw()
            self._show_range()
        self._show_mark()

    def _current_window(self) -> Window:
        left, right = self._view.viewRange()[0]
        return Window.of(self._places, left, right, self._view.width(), self._used)

    def _on_window(self) -> None:
        """Draw what is in view now, and go by its values alone."""
        self._redraw()
        self._low = self._high = 0.0
        self._show_range()

    def _redraw(self) -> None:
        self._window = self._current_window()
        for part in self._drawn:
            part.redraw(self._window)

    def _show_range(self) -> None:
        """Show the values in view, and 0; a range that grows with them, to be calm on a hover."""
        for part in self._drawn:
            if part.bounds is not None:
                self._low = min(self._low, part.bounds[0])
                self._high = max(self._high, part.bounds[1])
        high = self._high if self._high > self._low else self._low + 1.0
        margin = 0.03 * (high - self._low)
        low = self._low - margin if self._low < 0.0 else 0.0
        high = high + margin if high > 0.0 else 0.0
        if self._view.viewRange()[1] != [low, high]:
            self._view.setYRange(low, high, padding=0.0)

    def _show_labels(self) -> None:
        if self._places is self._natural and self._numeric is not None:
            self._axis.show_numbers(1.0 if self._are_numbers else 0.0)
        else:
            self._axis.show_labels(
                [self._labels[feature] for feature in self._places.order], self._widest
            )

    def _show_title(self) -> None:
        """Name what the axis has: the features' numbers, or a unit."""
        title = "feature" if self._are_numbers else ""
        if not title and self._places is self._natural and self._numeric is not None:
            title = self._numeric.unit and f"in {self._numeric.unit}"
        if title == self._title:
            return
        self._title = title
        self._axis.setLabel(title, **{"font-size": f"{_FONT_SIZE}pt"})
        self._axis.setTextPen(self.palette().color(QPalette.ColorRole.WindowText))
        self._axis.showLabel(bool(title))
        lines = 2 if title else 1
        self._axis.setHeight(lines * QFontMetrics(self._axis.style["tickFont"]).height() + 6)

    def _show_mark(self) -> None:
        feature = self._marked
        self._mark.setVisible(feature is not None)
        if feature is None:
            return
        self._mark.setValue(self._places.centre_of(feature))
        text = f"feature {feature}" if self._are_numbers else self._labels[feature]
        if self._cursor.values is not None:
            text += f": {self._cursor.values[feature]:.6g}"
        if self._used is not None and not self._used.is_used[feature]:
            text += ", left out"
        self._mark.label.setFormat(text.replace("{", "{{").replace("}", "}}"))

    def _on_move(self, position: QPointF) -> None:
        if self._brushed is None:
            self._hover(self._feature_at(position))

    def _on_click(self, click: Any) -> None:
        if click.button() != Qt.MouseButton.LeftButton or click.isAccepted() or click.double():
            return
        if self._brushed is not None:
            self.clear_selection()
            return
        feature = self._feature_at(click.scenePos())
        if feature is not None:
            self.feature_clicked.emit(feature)

    def _on_brushed(self, start: float, stop: float) -> None:
        if self._labels:
            self._hover(None)
            self._brush(self._places.positions_between(start, stop))

    def _brush(self, positions: slice | None) -> None:
        if positions == self._brushed:
            return
        self._brushed = positions
        self._region.setVisible(positions is not None)
        if positions is None:
            self.features_brushed.emit(None)
        else:
            edges = self._places.edges
            self._region.setRegion((edges[positions.start], edges[positions.stop]))
            self.features_brushed.emit(self._places.range_at(positions))

    def _hover(self, feature: int | None) -> None:
        if feature != self._hovered:
            self._hovered = feature
            self.feature_hovered.emit(feature)

    def _feature_at(self, position: QPointF) -> int | None:
        if not self._labels or not self._view.sceneBoundingRect().contains(position):
            return None
        place = self._view.mapSceneToView(position).x()
        return int(self._places.order[self._places.position_at(place)])


def _label_text(label: str | float) -> str:
    return label if isinstance(label, str) else f"{label:.10g}"


def _mixed(background: QColor, text: QColor, share: float) -> QColor:
    """Return an opaque colour between two: see-through ones are slower to draw."""
    pairs = zip(background.getRgb()[:3], text.getRgb()[:3], strict=True)
    return QColor(*(round(low + share * (high - low)) for low, high in pairs))
