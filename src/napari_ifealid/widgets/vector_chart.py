"""The chart of pixel vectors: each value of a pixel over its feature."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import (  # type: ignore[attr-defined]  # qtpy does not type QAction
    QAction,
    QColor,
    QPalette,
)
from qtpy.QtWidgets import QMenu, QSizePolicy, QVBoxLayout, QWidget

# isort: split
import pyqtgraph as pg  # after qtpy: it takes the Qt binding that is loaded already

from napari_ifealid.measures import UsedFeatures
from napari_ifealid.numeric_labels import immutable_labels
from napari_ifealid.widgets.chart_axes import ChartAxes
from napari_ifealid.widgets.chart_colours import ChartColours
from napari_ifealid.widgets.chart_curves import ChartCurves, PinnedVector
from napari_ifealid.widgets.chart_export import (
    FILTERS,
    PAPER_SIZE,
    Paper,
    export_chart,
    legend_height,
)
from napari_ifealid.widgets.chart_features import ChartFeatures
from napari_ifealid.widgets.chart_items import FeatureAxis, Plot, View, Window
from napari_ifealid.widgets.chart_legend import ChartLegend, LegendEntry
from napari_ifealid.widgets.chart_unused import UnusedBack
from napari_ifealid.widgets.feature_places import FeaturePlaces
from napari_ifealid.widgets.save_file import save_file

_LEAST_HEIGHT = 80  # pixels
_FONT_SIZE = 8  # points
_LABEL_PLACE = 0.9  # of the mark's text, as a fraction of the plot's height
_PAPER = QPalette(QColor("black"), QColor("white"))


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
        self._features = ChartFeatures(())
        self._places = self._features.places
        self._marked: int | None = None
        self._hovered: int | None = None
        self._brushed: slice | None = None
        self._low = self._high = 0.0
        self._used: UsedFeatures | None = None
        self._back = UnusedBack()
        self._view = View()
        feature_axis = FeatureAxis()
        self.plot = Plot(viewBox=self._view, axisItems={"bottom": feature_axis})
        self.legend = ChartLegend()
        font = self.font()
        font.setPointSize(_FONT_SIZE)
        self._axes = ChartAxes(self.plot.getPlotItem().getAxis("left"), feature_axis, font)
        self._curves = ChartCurves(
            self.plot.getPlotItem(),
            self._current_window(),
            ChartColours.of(self.palette()),
            line_width,
        )
        self._zero = pg.InfiniteLine(0.0, angle=0)
        self._mark = pg.InfiniteLine(angle=90, label="", labelOpts={"position": _LABEL_PLACE})
        self._mark.label.setFont(font)
        self._region = pg.LinearRegionItem(movable=False)
        self._menu = self._new_menu()
        self._lay_out()
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
        self._features = ChartFeatures(immutable_labels(labels))
        self._used = None
        self.mark_feature(None)
        self._curves.clear()
        self._show_legend()
        self._set_places(self._features.places)
        self.reset_view()

    def clear(self) -> None:
        """Draw no curves, and forget how high they were: those to come are of other values."""
        self._curves.clear()
        self._show_legend()
        self._on_window()

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
        self._curves.show_cursor(values, deviation)
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
        self._curves.show_pins(vectors, mean)
        self._show_legend()
        self._show_range()

    def mark_pin(self, index: int | None) -> None:
        """Draw a pinned pixel's curve thicker, and mark it in the legend.

        Parameters
        ----------
        index : int or None
            Of the vectors that are shown. None: mark none.
        """
        self.legend.mark(index)
        self._curves.mark(index)

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
        own = self._features.places
        if order is None:
            if self._places is not own:
                self._set_places(own)
            return
        order = self._features.checked_order(order)
        if self._places is own or not np.array_equal(order, self._places.order):
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
        if feature is not None:
            self._features.check(feature)
        self._marked = feature
        self._show_mark()

    @property
    def labels(self) -> tuple[str, ...]:
        """The label of each feature."""
        return self._features.labels

    @property
    def curves(self) -> list[tuple[str, NDArray[Any]]]:
        """Name of each curve, and its values in the order of the features.

        Behind a mean of several pixels comes its standard deviation.
        """
        return self._curves.listed

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
        export_chart(path, self._on_paper, self.labels, self.curves, force=force)

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
        copy.set_features(self._features.given)
        copy.set_used(self._used)
        is_own_order = self._places is self._features.places
        copy.set_order(None if is_own_order else self._places.order)
        copy.set_cursor_vector(self._curves.cursor_values, self._curves.cursor_deviation)
        copy.set_pinned_vectors(self._curves.pins, self._curves.mean_values)
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
        cursor, entries = self._curves.cursor_entry, self.legend.entries
        return (cursor, *entries) if entries and cursor is not None else entries

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
        item.setContentsMargins(0, 4, 16, 0)  # half of four digits at the right
        self._zero.setZValue(-1)
        self._mark.setZValue(3)
        self._region.setZValue(-2)
        self._region.hide()
        self._back.setZValue(-3)
        for part in (self._back, self._zero, self._region, self._mark):
            item.addItem(part, ignoreBounds=True)
        self._take_colours()

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
        colours, width = ChartColours.of(self.palette()), self._line_width
        self.plot.setBackground(colours.background)
        self._axes.take_colours(colours, width)
        self._back.take_colour(colours.mixed(0.1))
        self._zero.setPen(pg.mkPen(colours.axes, width=width))
        self._region.setBrush(colours.mixed(0.2))
        for line in self._region.lines:
            line.setPen(colours.mixed(0.5))
        self._mark.setPen(pg.mkPen(colours.text, width=width))
        self._mark.label.setColor(colours.text)
        self._mark.label.fill = pg.mkBrush(colours.mixed(0.1))
        self._curves.take_colours(colours)
        self._show_legend()

    def _show_legend(self) -> None:
        self.legend.show_entries(self._curves.legend_entries)
        self._curves.mark(self.legend.marked)

    def _set_places(self, places: FeaturePlaces) -> None:
        before, self._places = self._places.ends, places
        self._back.show_used(self._used, places)
        self._brush(None)
        self._view.can_brush = places.are_successive
        self._axes.show(self._features, places)
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
        self._curves.redraw(self._current_window())

    def _show_range(self) -> None:
        """Show the values in view, and 0; a range that grows with them, to be calm on a hover."""
        for low, high in self._curves.bounds:
            self._low, self._high = min(self._low, low), max(self._high, high)
        high = self._high if self._high > self._low else self._low + 1.0
        margin = 0.03 * (high - self._low)
        low = self._low - margin if self._low < 0.0 else 0.0
        high = high + margin if high > 0.0 else 0.0
        if self._view.viewRange()[1] != [low, high]:
            self._view.setYRange(low, high, padding=0.0)

    def _show_mark(self) -> None:
        feature = self._marked
        self._mark.setVisible(feature is not None)
        if feature is None:
            return
        self._mark.setValue(self._places.centre_of(feature))
        values = self._curves.cursor_values
        text = self._features.text(feature, None if values is None else values[feature])
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
        if self._features.given:
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
        if not self._features.given or not self._view.sceneBoundingRect().contains(position):
            return None
        place = self._view.mapSceneToView(position).x()
        return int(self._places.order[self._places.position_at(place)])
