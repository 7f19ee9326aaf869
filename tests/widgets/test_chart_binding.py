from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from napari_ifealid.engines import EngineChoice
from napari_ifealid.measures import SPECTRAL_ANGLE
from napari_ifealid.stack import FeatureStack
from napari_ifealid.widgets.chart_binding import Order


@pytest.fixture
def widget(make_napari_viewer, add_stack, stack, qtbot):
    viewer = make_napari_viewer()
    add_stack(viewer, stack)
    _, widget = viewer.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    qtbot.waitUntil(lambda: widget.explorer.is_idle)
    qtbot.waitUntil(lambda: bool(curves(widget)))
    return widget


def curves(widget) -> dict[str, np.ndarray]:
    """The values of each curve by its name."""
    return dict(widget.chart.curves)


def test_chart_shows_the_vector_under_the_cursor(widget, stack, qtbot):
    widget.explorer.show_pixel((1, 4))
    qtbot.waitUntil(lambda: np.array_equal(curves(widget)["cursor"], stack.vector((1, 4))))


def test_pins_are_drawn_in_their_colours(widget, stack, qtbot):
    widget.explorer.toggle_pin_at((1, 2))
    widget.explorer.toggle_pin_at((5, 4))
    drawn = curves(widget)
    np.testing.assert_array_equal(drawn["1, 2"], stack.vector((1, 2)))
    np.testing.assert_array_equal(drawn["5, 4"], stack.vector((5, 4)))
    pens = {
        curve.name(): curve.opts["pen"].color().name()
        for curve in widget.chart.plot.getPlotItem().listDataItems()
        if curve.name() in drawn and curve.name() != "cursor"
    }
    first, second = (pin.colour for pin in widget.explorer.pins.pins)
    assert pens == {"1, 2": first, "5, 4": second}


def test_removed_and_cleared_pins_leave_the_chart(widget):
    widget.explorer.toggle_pin_at((1, 2))
    widget.explorer.toggle_pin_at((5, 4))
    widget.explorer.toggle_pin_at((1, 2))
    assert set(curves(widget)) == {"cursor", "5, 4"}
    widget.explorer.pins.clear()
    assert set(curves(widget)) == {"cursor"}


def test_hovering_a_feature_shows_its_image_for_a_while(widget, stack, qtbot):
    widget.chart.feature_hovered.emit(3)
    qtbot.waitUntil(lambda: widget.explorer.is_idle)
    layer = widget.explorer.map_layer
    np.testing.assert_array_equal(layer.data, stack.values[..., 3])
    assert layer.name == "feature 3"
    widget.chart.feature_hovered.emit(None)
    qtbot.waitUntil(lambda: widget.explorer.is_idle)
    assert layer.name == "similarity"


def test_clicked_feature_is_kept_until_the_next_click_on_it(widget, qtbot):
    widget.chart.feature_clicked.emit(3)
    assert widget.explorer.state.feature == 3
    assert widget.shows_feature.value
    assert widget.feature.value == 3
    widget.chart.feature_clicked.emit(3)
    assert widget.explorer.state.feature is None
    assert not widget.shows_feature.value


def test_spin_box_steps_through_features(widget, qtbot):
    widget.shows_feature.value = True
    assert widget.explorer.state.feature == 0
    widget.feature.value = 5
    assert widget.explorer.state.feature == 5
    assert widget.feature.max == 8
    qtbot.waitUntil(lambda: widget.explorer.is_idle)


def test_order_by_relevance_is_that_of_the_contributions(widget, stack, qtbot):
    widget.explorer.toggle_pin_at((1, 2))
    widget.order.value = Order.RELEVANCE
    widget.explorer.show_pixel((4, 4))
    contributions = SPECTRAL_ANGLE.contributions(stack.vector((4, 4)), stack.vector((1, 2)))
    order = np.argsort(-contributions, kind="stable")
    axis = widget.chart.plot.getPlotItem().getAxis("bottom")
    expected = [str(feature) for feature in order]
    qtbot.waitUntil(lambda: list(axis.tickStrings(range(9), 1, 1)) == expected)
    widget.order.value = Order.NUMBER
    qtbot.waitUntil(lambda: list(axis.tickStrings(range(9), 1, 1)) == list("012345678"))


def test_labels_of_another_stack_take_the_axis(widget, add_stack, qtbot):
    values = np.random.default_rng(0).random((3, 4, 2)).astype(np.float32)
    other = FeatureStack(values=values, name="spectral", feature_labels=(520.5, 610.0))
    add_stack(widget._viewer, other)
    axis = widget.chart.plot.getPlotItem().getAxis("bottom")
    qtbot.waitUntil(lambda: list(axis.tickStrings([0, 1], 1, 1)) == ["520.5", "610"])
    qtbot.waitUntil(lambda: widget.explorer.is_idle)


def test_chart_keeps_its_view_when_only_the_engine_changes(widget, qtbot):
    view = widget.chart.plot.getPlotItem().getViewBox()
    view.setRange(xRange=(2, 5), padding=0)
    widget.explorer.state.engine = EngineChoice.CPU
    qtbot.waitUntil(lambda: widget.explorer.is_idle and widget.explorer.stack is not None)
    qtbot.wait(50)
    np.testing.assert_allclose(view.viewRange()[0], (2, 5))


def test_chart_holds_no_stack(widget, add_stack, qtbot):
    values = np.random.default_rng(0).random((3, 4, 2))
    add_stack(widget._viewer, FeatureStack(values=values, name="other"))
    explorer = widget.explorer
    qtbot.waitUntil(lambda: explorer.stack is not None and explorer.stack.name == "other")
    qtbot.waitUntil(lambda: explorer.is_idle)
    gone = weakref.ref(explorer.stack)
    widget._viewer.layers.clear()
    qtbot.wait(100)
    gc.collect()
    assert gone() is None


def test_chart_has_the_pins_of_a_stack_of_other_features_and_axes(widget, add_stack, qtbot):
    widget.explorer.toggle_pin_at((1, 2))
    values = np.random.default_rng(0).random((3, 24, 20, 4), np.float32)
    volume = FeatureStack(values=values, name="volume")
    layer = add_stack(widget.explorer._viewer, volume)
    qtbot.waitUntil(lambda: widget.explorer.stack is volume)
    qtbot.waitUntil(lambda: widget.explorer.is_idle)
    qtbot.waitUntil(lambda: len(curves(widget).get("cursor", ())) == 4)
    assert widget.choice.layer.value == layer
    ((pixel, _),) = widget.explorer.pinned
    np.testing.assert_array_equal(curves(widget)[", ".join(map(str, pixel))], values[pixel])
