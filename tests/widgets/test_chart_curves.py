from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtGui import QColor

# isort: split
import pyqtgraph as pg

from napari_ifealid.widgets.chart_colours import ChartColours
from napari_ifealid.widgets.chart_curves import ChartCurves, PinnedVector
from napari_ifealid.widgets.chart_items import Window
from napari_ifealid.widgets.chart_legend import LegendEntry
from napari_ifealid.widgets.feature_places import FeaturePlaces

COUNT = 5
PLACES = FeaturePlaces.in_order(np.arange(COUNT))
LIGHT = ChartColours(QColor("white"), QColor("black"))
DARK = ChartColours(QColor("black"), QColor("white"))
VECTOR = np.array([1.0, -2.0, 3.0, 0.5, 0.0])


@pytest.fixture
def plot(qapp) -> pg.PlotItem:
    return pg.PlotItem()


@pytest.fixture
def curves(plot) -> ChartCurves:
    return ChartCurves(plot, Window.of(PLACES, -0.5, COUNT - 0.5, 300), DARK, 1.0)


def test_curves_are_listed_with_their_deviations(curves):
    deviation = np.full(COUNT, 0.5)
    pins = [PinnedVector(VECTOR, "#ff0000", "one", deviation), PinnedVector(-VECTOR, "#00f", "two")]
    curves.show_cursor(2 * VECTOR, deviation)
    curves.show_pins(pins, mean=0 * VECTOR)
    names = ["cursor", "cursor, standard deviation", "one", "one, standard deviation"]
    assert [name for name, _ in curves.listed] == [*names, "two", "mean"]
    np.testing.assert_array_equal(dict(curves.listed)["two"], -VECTOR)
    curves.clear()
    assert curves.listed == []
    assert curves.cursor_entry is None


def test_legend_has_the_pins_and_then_their_mean(curves):
    curves.show_pins([PinnedVector(VECTOR, "#f0e442", "one")], mean=VECTOR)
    mean = LegendEntry("mean", "#ffffff", is_dashed=True)
    assert curves.legend_entries == [LegendEntry("one", "#f0e442"), mean]
    curves.take_colours(LIGHT)
    assert curves.legend_entries[0].colour == LIGHT.of_pin("#f0e442") != "#f0e442"
    curves.show_cursor(VECTOR)
    assert curves.cursor_entry == LegendEntry("cursor", LIGHT.cursor.name())


def test_bounds_are_of_what_is_in_view(curves):
    curves.show_cursor(VECTOR, np.full(COUNT, 0.25))
    assert sorted(curves.bounds) == [(-2.25, 3.25), (-2.0, 3.0)]
    curves.redraw(Window.of(PLACES, 2.6, COUNT - 0.5, 300))
    assert sorted(curves.bounds) == [(-0.25, 0.75), (0.0, 0.5)]


def test_pins_keep_the_values_that_they_were_drawn_with(curves):
    values = VECTOR.copy()
    curves.show_pins([PinnedVector(values, "#ff0000", "one")])
    values[:] = 9.0
    (pin,) = curves.pins
    np.testing.assert_array_equal(pin.values, VECTOR)


def test_vectors_of_other_features_are_refused_and_nothing_is_drawn(curves, plot):
    before = len(plot.items)
    with pytest.raises(ValueError, match=r"a vector of shape \(4,\) for 5 features"):
        curves.show_cursor(VECTOR[:4])
    with pytest.raises(ValueError, match=r"a vector of shape \(6,\) for 5 features"):
        curves.show_pins([PinnedVector(np.zeros(6), "#ff0000", "one")])
    assert curves.listed == []
    assert len(plot.items) == before


def test_marked_pin_is_thicker_and_above_the_others(curves, plot):
    before = set(plot.items)
    curves.show_pins([PinnedVector(VECTOR, "#ff0000", name) for name in ("one", "two")])
    curves.mark(1)
    drawn = {item.name(): item for item in plot.items if item not in before and item.name()}
    assert drawn["two"].opts["pen"].widthF() > drawn["one"].opts["pen"].widthF()
    assert drawn["two"].zValue() > drawn["one"].zValue()
    curves.show_pins(())
    assert set(plot.items) == before
