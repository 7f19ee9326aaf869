"""The chart of pixel vectors: each value of a pixel over its feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor
from pathlib import Path
from typing import Any

import numpy as np
from napari.utils.notifications import show_error, show_info
from numpy.typing import NDArray
from psygnal import Signal
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QColor, QFontMetrics, QPalette
from qtpy.QtWidgets import QFileDialog, QSizePolicy, QVBoxLayout, QWidget

# isort: split
import pyqtgraph as pg  # after qtpy: it takes the Qt binding that is loaded already

from napari_ifealid.errors import DatasetError
from napari_ifealid.widgets.chart_export import FILTERS, export_chart
from napari_ifealid.widgets.chart_items import FeatureAxis, LegendLine, Plot, StepCurve, View

_LEAST_HEIGHT = 140  # pixels
_FONT_SIZE = 8  # points
_WIDEST_TICK = "-0.00000"
_LEGEND_ROWS = 6
_LOW, _HIGH = 0.08, 0.92  # places along the mark, as fractions of the plot's height
_TOOLTIP = (
    "The values of the pixel under the cursor (filled) and of the pinned ones (lines), "
    "over the features.\n"
    "The wheel zooms, dragging pans; over an axis they change that axis only.\n"
    "Right click: “View All” resets the view, “Export…” saves it as PNG, SVG or CSV.\n"
    "Hover over a feature to see its image, click to keep it."
)


@dataclass(frozen=True, eq=False)
class PinnedVector:
    """The values of a pinned pixel.

    Parameters
    ----------
    values : array, shape (C,)
        One value for each feature.
    colour : str
        Colour of the curve, e.g. ``"#ff8800"``.
    name : str
        Name in the legend.
    """

    values: NDArray[Any]
    colour: str
    name: str


class VectorChart(QWidget):
    """Step curves of pixel vectors, with zoom, pan and reset by pyqtgraph.

    The colours come from the widget's palette.

    Attributes
    ----------
    feature_hovered : Signal(int | None)
        The feature under the pointer when that changes; None once the pointer has left the plot.
    feature_clicked : Signal(int)
        The feature that was clicked, without dragging.
    plot : pyqtgraph.PlotWidget
    """

    feature_hovered = Signal(object)
    feature_clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: tuple[str, ...] = ()
        self._are_numbers = True
        self._order: NDArray[np.intp] = np.arange(0)
        self._marked: int | None = None
        self._hovered: int | None = None
        self._low = self._high = 0.0
        self._pins: list[StepCurve] = []
        self._axis = FeatureAxis("bottom")
        self._view = View()
        self.plot = Plot(viewBox=self._view, axisItems={"bottom": self._axis})
        self._cursor = StepCurve("cursor", fillLevel=0.0)
        self._extent = pg.PlotCurveItem(pen=None)  # what the automatic range goes by
        self._zero = pg.InfiniteLine(0.0, angle=0)
        self._mark = pg.InfiniteLine(angle=90, label="", labelOpts={"position": _HIGH})
        self._legend = pg.LegendItem()
        self._lay_out()
        self._bind()
        self.set_features(())

    def set_features(self, labels: Sequence[str | float]) -> None:
        """Start anew with other features: without curves, in their own order, all in view.

        Parameters
        ----------
        labels : sequence of str or float, length C
            A label for each feature, e.g. its wavelength; its number where it has none.
        """
        self._hover(None)
        self._labels = tuple(map(_label_text, labels))
        self._are_numbers = tuple(labels) == tuple(range(len(labels)))
        self._order = np.arange(len(labels))
        self.mark_feature(None)
        self.set_cursor_vector(None)
        self.set_pinned_vectors(())
        self._show_labels()
        self._axis.setLabel("feature" if self._are_numbers else "")
        self._axis.showLabel(self._are_numbers)
        lines = 2 if self._are_numbers else 1
        self._axis.setHeight(lines * QFontMetrics(self._axis.style["tickFont"]).height() + 6)
        right = max(len(labels), 1) - 0.5
        self._view.setLimits(xMin=-0.5, xMax=right, minXRange=1.0, maxXRange=right + 0.5)
        self._view.autoRange()

    def set_cursor_vector(self, values: NDArray[Any] | None) -> None:
        """Draw the values of the hovered pixel.

        Parameters
        ----------
        values : array, shape (C,), or None
            NaN leaves a gap. None: draw nothing.

        Raises
        ------
        ValueError
            If there are more or fewer values than features.
        """
        self._draw(self._cursor, values)
        self._show_extent()
        if self._marked is not None:
            self._show_mark()

    def set_pinned_vectors(self, vectors: Sequence[PinnedVector]) -> None:
        """Draw the values of the pinned pixels and list them in a legend.

        Parameters
        ----------
        vectors : sequence of PinnedVector

        Raises
        ------
        ValueError
            If one has more or fewer values than there are features.
        """
        if len(vectors) != len(self._pins):
            self._set_pin_count(len(vectors))
        for curve, vector in zip(self._pins, vectors, strict=True):
            if curve.name() != vector.name:
                curve.opts["name"] = vector.name
                self._legend.getLabel(curve).setText(escape(vector.name))
                self._legend.updateSize()
            if curve.opts["pen"].color() != QColor(vector.colour):
                curve.setPen(vector.colour)
            self._draw(curve, vector.values)
        self._show_extent()

    def set_order(self, order: NDArray[np.intp] | None) -> None:
        """Set the order of the features from left to right.

        Parameters
        ----------
        order : array of int, shape (C,), or None
            Position p shows feature ``order[p]``. None: by feature number.

        Raises
        ------
        ValueError
            If it does not name each feature once.
        """
        count = len(self._labels)
        order = np.arange(count) if order is None else np.array(order, np.intp)
        if not np.array_equal(np.sort(order), np.arange(count)):
            raise ValueError(f"the order must name each of the features 0 to {count - 1} once")
        if np.array_equal(order, self._order):
            return
        self._order = order
        for curve in (self._cursor, *self._pins):
            self._draw(curve, curve.values)
        self._show_labels()
        self._show_mark()

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
    def curves(self) -> list[tuple[str, NDArray[Any]]]:
        """Name of each curve, and its values in the order of the features."""
        curves = (self._cursor, *self._pins)
        return [(curve.name(), curve.values) for curve in curves if curve.values is not None]

    def export(self, path: Path, *, force: bool = False) -> None:
        """Save the chart as PNG or SVG, or its values as CSV: the suffix decides.

        Raises
        ------
        DatasetError
            If the suffix is another, or the file can't be written.
        """
        export_chart(path, self.plot, self._labels, self.curves, force=force)

    def leaveEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Report that no feature is hovered any more."""
        super().leaveEvent(event)
        self._hover(None)

    def hideEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Report that no feature is hovered any more."""
        super().hideEvent(event)
        self._hover(None)

    def changeEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._take_colours()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.plot)
        self.setMinimumHeight(_LEAST_HEIGHT)
        self.plot.setMinimumSize(0, 0)
        # as wide as the dock is for other reasons, and as high as is left
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.setToolTip(_TOOLTIP)
        item = self.plot.getPlotItem()
        item.setMenuEnabled(False, enableViewBoxMenu=True)  # its transforms are for other items
        item.setContentsMargins(0, 4, 12, 0)  # half a tick's text at the right
        self._size_axes()
        self._view.setDefaultPadding(0.0)
        self._view.addItem(self._extent)
        self._zero.setZValue(-1)
        self._mark.setZValue(1)
        for part in (self._zero, self._cursor, self._mark):
            item.addItem(part, ignoreBounds=True)
        self._renew_legend()

    def _size_axes(self) -> None:
        font = self.font()
        font.setPointSize(_FONT_SIZE)
        left = self.plot.getPlotItem().getAxis("left")
        for axis in (left, self._axis):
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickFont=font, tickLength=-4, maxTickLevel=1)
        self._axis.setStyle(hideOverlappingLabels=False)
        left.setWidth(QFontMetrics(font).horizontalAdvance(_WIDEST_TICK) + 8)
        self._axis.setLabel("feature", **{"font-size": f"{_FONT_SIZE}pt"})
        self._mark.label.setFont(font)

    def _bind(self) -> None:
        self.plot.pointer_moved.connect(self._on_move)
        self.plot.scene().sigMouseClicked.connect(self._on_click)
        self._view.view_all.connect(self._shrink_extent)
        export = pg.QtGui.QAction("Export…", self)
        export.triggered.connect(self._ask_where_to_export)
        # the library's own offers what needs other packages, or fails
        self.plot.scene().contextMenu = [export]

    def _ask_where_to_export(self) -> None:
        chosen, kind = QFileDialog.getSaveFileName(self, "Export the chart", "chart", FILTERS)
        if not chosen:
            return
        path = Path(chosen)
        if not path.suffix:
            path = Path(chosen + kind[kind.index("(*") + 2 : -1])
        try:
            self.export(path, force=path == Path(chosen))  # the dialog has asked already
        except DatasetError as error:
            show_error(str(error))
        else:
            show_info(f"Saved {path.name} in {path.parent}")

    def _take_colours(self) -> None:
        background = self.palette().color(QPalette.ColorRole.Window)
        text = self.palette().color(QPalette.ColorRole.WindowText)
        self.plot.setBackground(background)
        for axis in (self.plot.getPlotItem().getAxis("left"), self._axis):
            axis.setPen(_mixed(background, text, 0.4))
            axis.setTextPen(text)
        self._cursor.setPen(_mixed(background, text, 0.55))
        self._cursor.setBrush(_mixed(background, text, 0.35))
        self._zero.setPen(_mixed(background, text, 0.4))
        self._mark.setPen(text)
        self._mark.label.setColor(text)
        self._mark.label.fill = pg.mkBrush(_mixed(background, text, 0.1))
        self._legend.setLabelTextColor(text)
        for _, label in self._legend.items:
            label.setText(label.text)  # the library changes the colour at the next text only
        self._legend.setBrush(QColor(background.red(), background.green(), background.blue(), 180))

    def _set_pin_count(self, count: int) -> None:
        item = self.plot.getPlotItem()
        for curve in self._pins[count:]:
            item.removeItem(curve)
        del self._pins[count:]
        for _ in range(count - len(self._pins)):
            curve = StepCurve("")
            item.addItem(curve, ignoreBounds=True)
            self._pins.append(curve)
        for curve in self._pins:
            curve.show()  # a click in the legend may have hidden it as another pin's
        self._mark.label.setPosition(_LOW if count else _HIGH)  # not under the legend
        self._renew_legend()

    def _renew_legend(self) -> None:
        if self._legend.scene() is not None:
            self._legend.scene().removeItem(self._legend)
        self._legend = pg.LegendItem(
            offset=(-4, 2),
            labelTextSize=f"{_FONT_SIZE}pt",
            colCount=max(1, ceil(len(self._pins) / _LEGEND_ROWS)),
            pen=None,
            sampleType=LegendLine,
        )
        self._legend.layout.setContentsMargins(4, 2, 4, 2)
        for curve in self._pins:
            self._legend.addItem(curve, escape(curve.name()))
        self._legend.setParentItem(self._view)
        self._legend.setVisible(bool(self._pins))
        self._take_colours()

    def _draw(self, curve: StepCurve, values: NDArray[Any] | None) -> None:
        count = len(self._labels)
        if values is not None and np.shape(values) != (count,):
            raise ValueError(f"a vector of shape {np.shape(values)} for {count} features")
        curve.draw(values, self._order)
        if curve.bounds is not None:
            self._low = min(self._low, curve.bounds[0])
            self._high = max(self._high, curve.bounds[1])

    def _shrink_extent(self) -> None:
        curves = (self._cursor, *self._pins)
        bounds = [curve.bounds for curve in curves if curve.bounds is not None]
        self._low = min((low for low, _ in bounds), default=0.0)
        self._high = max((high for _, high in bounds), default=0.0)
        self._low, self._high = min(self._low, 0.0), max(self._high, 0.0)
        self._show_extent()

    def _show_extent(self) -> None:
        high = self._high if self._high > self._low else self._low + 1.0
        margin = 0.03 * (high - self._low)
        low = self._low - margin if self._low < 0.0 else 0.0
        corners = np.array([-0.5, max(len(self._labels), 1) - 0.5]), np.array([low, high + margin])
        if self._extent.yData is None or not np.array_equal(corners, self._extent.getData()):
            span = high - low
            self._view.setLimits(yMin=low - span, yMax=high + span)
            self._extent.setData(*corners)

    def _show_labels(self) -> None:
        self._axis.labels = [self._labels[feature] for feature in self._order]
        self._axis.setTicks(None)  # forgets the drawn ones

    def _show_mark(self) -> None:
        feature = self._marked
        self._mark.setVisible(feature is not None)
        if feature is None:
            return
        self._mark.setValue(float(np.flatnonzero(self._order == feature)[0]))
        text = f"feature {feature}" if self._are_numbers else self._labels[feature]
        if self._cursor.values is not None:
            text += f": {self._cursor.values[feature]:.6g}"
        self._mark.label.setFormat(text.replace("{", "{{").replace("}", "}}"))

    def _on_move(self, position: QPointF) -> None:
        self._hover(self._feature_at(position))

    def _on_click(self, click: Any) -> None:
        if click.button() != Qt.MouseButton.LeftButton or click.isAccepted() or click.double():
            return
        feature = self._feature_at(click.scenePos())
        if feature is not None:
            self.feature_clicked.emit(feature)

    def _hover(self, feature: int | None) -> None:
        if feature != self._hovered:
            self._hovered = feature
            self.feature_hovered.emit(feature)

    def _feature_at(self, position: QPointF) -> int | None:
        legend = self._legend
        if legend.isVisible() and legend.sceneBoundingRect().contains(position):
            return None
        if not self._labels or not self._view.sceneBoundingRect().contains(position):
            return None
        place = floor(self._view.mapSceneToView(position).x() + 0.5)
        return int(self._order[min(max(place, 0), len(self._order) - 1)])


def _label_text(label: str | float) -> str:
    return label if isinstance(label, str) else f"{label:.10g}"


def _mixed(background: QColor, text: QColor, share: float) -> QColor:
    """Return an opaque colour between two: see-through ones are slower to draw."""
    pairs = zip(background.getRgb()[:3], text.getRgb()[:3], strict=True)
    return QColor(*(round(low + share * (high - low)) for low, high in pairs))
