"""The axes of the chart: the features from left to right, and their values."""

from __future__ import annotations

from html import escape

from qtpy.QtGui import QColor, QFont, QFontMetrics

# isort: split
import pyqtgraph as pg  # after qtpy: it takes the Qt binding that is loaded already

from napari_ifealid.plain_text import one_line
from napari_ifealid.widgets.chart_colours import ChartColours
from napari_ifealid.widgets.chart_features import ChartFeatures
from napari_ifealid.widgets.chart_items import FeatureAxis
from napari_ifealid.widgets.feature_places import FeaturePlaces

_WIDEST_TICK = "-0.00000"


class ChartAxes:
    """Labels both axes, whose sizes stay the same for all values.

    Parameters
    ----------
    values : pyqtgraph.AxisItem
    features : FeatureAxis
    font : QFont
        Of all labels.
    """

    def __init__(self, values: pg.AxisItem, features: FeatureAxis, font: QFont) -> None:
        self._values = values
        self._features = features
        self._font = font
        self._text: QColor | None = None
        self._title: str | None = None  # still to be shown
        for axis in (values, features):
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickFont=font, tickLength=-4, maxTickLevel=1)
        features.setStyle(hideOverlappingLabels=False)
        values.setWidth(QFontMetrics(font).horizontalAdvance(_WIDEST_TICK) + 8)

    def show(self, features: ChartFeatures, places: FeaturePlaces) -> None:
        """Label the features from left to right.

        Parameters
        ----------
        features : ChartFeatures
        places : FeaturePlaces
            Where they lie. Their labels are numbers along the axis in their own order only.
        """
        is_numeric = places is features.places and features.numeric is not None
        if is_numeric:
            self._features.show_numbers(1.0 if features.are_numbered else 0.0)
        else:
            labels = [features.shown_labels[feature] for feature in places.order]
            self._features.show_labels(labels, features.widest)
        self._show_title(features.title(is_numeric=is_numeric))

    def take_colours(self, colours: ChartColours, line_width: float) -> None:
        """Follow the theme."""
        self._text = colours.text
        for axis in (self._values, self._features):
            axis.setPen(pg.mkPen(colours.axes, width=line_width))
            axis.setTextPen(colours.text)

    def _show_title(self, title: str) -> None:
        if title == self._title:
            return
        self._title = title
        markup = escape(one_line(title))  # pyqtgraph takes any label for HTML
        self._features.setLabel(markup, **{"font-size": f"{self._font.pointSize()}pt"})
        if self._text is not None:
            self._features.setTextPen(self._text)
        self._features.showLabel(bool(title))
        lines = 2 if title else 1
        self._features.setHeight(lines * QFontMetrics(self._font).height() + 6)
