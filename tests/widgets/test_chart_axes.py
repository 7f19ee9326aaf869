from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtGui import QColor, QFont

# isort: split
import pyqtgraph as pg

from napari_ifealid.widgets.chart_axes import ChartAxes
from napari_ifealid.widgets.chart_colours import ChartColours
from napari_ifealid.widgets.chart_features import ChartFeatures
from napari_ifealid.widgets.chart_items import FeatureAxis
from napari_ifealid.widgets.feature_places import FeaturePlaces

WAVELENGTHS = ChartFeatures(("450 nm", "400 nm", "500 nm"))


@pytest.fixture
def bottom(qapp) -> FeatureAxis:
    return FeatureAxis()


@pytest.fixture
def left(qapp) -> pg.AxisItem:
    return pg.AxisItem("left")


@pytest.fixture
def axes(left, bottom) -> ChartAxes:
    return ChartAxes(left, bottom, QFont("sans", 8))


def test_title_takes_room_only_where_there_is_one(axes, bottom):
    axes.show(WAVELENGTHS, WAVELENGTHS.places)
    with_title = bottom.maximumHeight()
    assert bottom.labelText == "wavelength in nm"
    axes.show(WAVELENGTHS, FeaturePlaces.in_order(np.array([2, 0, 1])))
    assert bottom.labelText == ""
    assert bottom.maximumHeight() < with_title


def test_features_in_another_order_have_their_labels(axes, bottom):
    axes.show(WAVELENGTHS, FeaturePlaces.in_order(np.array([2, 0, 1])))
    bottom.tickSpacing(-0.5, 2.5, 300)
    assert bottom.tickStrings([0, 1, 2], 1.0, 1.0) == ["500 nm", "450 nm", "400 nm"]
    axes.show(WAVELENGTHS, WAVELENGTHS.places)
    assert bottom.tickStrings([400, 450], 1.0, 50.0) == ["400", "450"]


def test_axes_take_the_colours_of_the_theme(axes, left, bottom):
    colours = ChartColours(QColor("black"), QColor("white"))
    axes.take_colours(colours, 2.0)
    for axis in (left, bottom):
        assert axis.pen().color() == colours.axes
        assert axis.pen().widthF() == 2.0
        assert axis.textPen().color() == colours.text
