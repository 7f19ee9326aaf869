from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Shapes
from qtpy.QtGui import QColor, QPalette

from napari_ifealid.engines import EngineChoice
from napari_ifealid.explorer import Explorer, ReferenceMode
from napari_ifealid.libraries import Library, LibraryEntry
from napari_ifealid.measures import SPECTRAL_ANGLE, UsedFeatures
from napari_ifealid.preprocessing import step_named
from napari_ifealid.stack import FeatureStack
from napari_ifealid.widgets.chart_binding import Order
from napari_ifealid.widgets.chart_curves import MEAN_NAME
from napari_ifealid.widgets.chart_panel import ChartPanel
from napari_ifealid.widgets.qt_scheduler import QtScheduler


@pytest.fixture
def panel(qapp, add_stack, stack, qtbot):
    viewer = ViewerModel()
    add_stack(viewer, stack)
    explorer = Explorer(viewer, QtScheduler())
    panel = ChartPanel(explorer)
    qtbot.addWidget(panel)
    panel.setPalette(QPalette(QColor("#262930")))  # dark, as napari
    panel.resize(900, 200)
    panel.show()
    qtbot.waitUntil(lambda: explorer.is_idle and bool(curves(panel)))
    yield panel
    panel.close()
    explorer.close()


@pytest.fixture
def explorer(panel):
    return panel.explorer


def curves(panel) -> dict[str, np.ndarray]:
    """The values of each curve by its name."""
    return dict(panel.chart.curves)


def test_chart_shows_the_vector_under_the_cursor(panel, explorer, stack, qtbot):
    explorer.show_pixel((1, 4))
    qtbot.waitUntil(lambda: np.array_equal(curves(panel)["cursor"], stack.vector((1, 4))))


def test_pins_are_drawn_in_their_colours(panel, explorer, stack, qtbot):
    explorer.toggle_pin_at((1, 2))
    explorer.toggle_pin_at((5, 4))
    drawn = curves(panel)
    np.testing.assert_array_equal(drawn["1, 2"], stack.vector((1, 2)))
    np.testing.assert_array_equal(drawn["5, 4"], stack.vector((5, 4)))
    pens = {
        curve.name(): curve.opts["pen"].color().name()
        for curve in panel.chart.plot.getPlotItem().listDataItems()
        if curve.name() in drawn and curve.name() != "cursor"
    }
    first, second = (pin.colour for pin in explorer.pins.pins)
    assert pens == {"1, 2": first, "5, 4": second}


def test_removed_and_cleared_pins_leave_the_chart(panel, explorer):
    explorer.toggle_pin_at((1, 2))
    explorer.toggle_pin_at((5, 4))
    explorer.toggle_pin_at((1, 2))
    assert set(curves(panel)) == {"cursor", "5, 4"}
    explorer.pins.clear()
    assert set(curves(panel)) == {"cursor"}


def test_hovering_a_feature_shows_its_image_for_a_while(panel, explorer, stack, qtbot):
    panel.chart.feature_hovered.emit(3)
    qtbot.waitUntil(lambda: explorer.is_idle)
    layer = explorer.map_layer
    np.testing.assert_array_equal(layer.data, stack.values[..., 3])
    assert layer.name == "feature 3"
    panel.chart.feature_hovered.emit(None)
    qtbot.waitUntil(lambda: explorer.is_idle)
    assert layer.name == "similarity"


def test_clicked_feature_is_kept_until_the_next_click_on_it(panel, explorer, qtbot):
    panel.chart.feature_clicked.emit(3)
    assert explorer.state.feature == 3
    panel.chart.feature_clicked.emit(3)
    assert explorer.state.feature is None


def test_order_by_relevance_is_that_of_the_contributions(panel, explorer, stack, qtbot):
    explorer.toggle_pin_at((1, 2))
    panel.order.value = Order.RELEVANCE
    explorer.show_pixel((4, 4))
    contributions = SPECTRAL_ANGLE.contributions(stack.vector((4, 4)), stack.vector((1, 2)))
    order = np.argsort(-contributions, kind="stable")
    axis = panel.chart.plot.getPlotItem().getAxis("bottom")
    expected = [str(feature) for feature in order]
    qtbot.waitUntil(lambda: list(axis.tickStrings(range(9), 1, 1)) == expected)
    panel.order.value = Order.NUMBER
    qtbot.waitUntil(lambda: list(axis.tickStrings(range(9), 1, 1)) == list("012345678"))


def test_labels_of_another_stack_take_the_axis(panel, explorer, add_stack, qtbot):
    values = np.random.default_rng(0).random((3, 4, 2)).astype(np.float32)
    other = FeatureStack(values=values, name="spectral", feature_labels=(520.5, 610.0))
    add_stack(explorer._viewer, other)
    qtbot.waitUntil(lambda: panel.chart.labels == ("520.5", "610"))
    qtbot.waitUntil(lambda: explorer.is_idle)


def test_chart_keeps_its_view_when_only_the_engine_changes(panel, explorer, qtbot):
    view = panel.chart.plot.getPlotItem().getViewBox()
    view.setRange(xRange=(2, 5), padding=0)
    explorer.state.engine = EngineChoice.CPU
    qtbot.waitUntil(lambda: explorer.is_idle and explorer.stack is not None)
    qtbot.wait(50)
    np.testing.assert_allclose(view.viewRange()[0], (2, 5))


def test_chart_holds_no_stack(panel, explorer, add_stack, qtbot):
    values = np.random.default_rng(0).random((3, 4, 2))
    add_stack(explorer._viewer, FeatureStack(values=values, name="other"))
    qtbot.waitUntil(lambda: explorer.stack is not None and explorer.stack.name == "other")
    qtbot.waitUntil(lambda: explorer.is_idle)
    gone = weakref.ref(explorer.stack)
    explorer._viewer.layers.clear()
    qtbot.wait(100)
    gc.collect()
    assert gone() is None


def test_chart_has_the_pins_of_a_stack_of_other_axes(panel, explorer, add_stack, qtbot):
    explorer.toggle_pin_at((1, 2))
    values = np.random.default_rng(0).random((3, 24, 20, 4), np.float32)
    volume = FeatureStack(values=values, name="volume")
    layer = add_stack(explorer._viewer, volume)
    qtbot.waitUntil(lambda: explorer.stack is volume)
    qtbot.waitUntil(lambda: explorer.is_idle)
    qtbot.waitUntil(lambda: len(curves(panel).get("cursor", ())) == 4)
    assert explorer.state.layer == layer
    ((pixel, _),) = explorer.pinned
    np.testing.assert_array_equal(curves(panel)[", ".join(map(str, pixel))], values[pixel])


def test_mean_of_the_pins_is_drawn_while_it_is_compared_with(panel, explorer, stack):
    explorer.toggle_pin_at((1, 2))
    explorer.state.reference = ReferenceMode.MEAN
    assert MEAN_NAME not in curves(panel)  # the mean of one pin is the pin
    explorer.toggle_pin_at((5, 4))
    mean = (stack.vector((1, 2)) + stack.vector((5, 4))) / 2
    np.testing.assert_allclose(curves(panel)[MEAN_NAME], mean)
    explorer.state.reference = ReferenceMode.BEST
    assert MEAN_NAME not in curves(panel)


def test_contributions_are_reported_while_they_order_the_features(panel, explorer, stack, qtbot):
    told: list[np.ndarray | None] = []
    panel.binding.relevance_changed.connect(told.append)
    explorer.toggle_pin_at((1, 2))
    panel.order.value = Order.RELEVANCE
    explorer.show_pixel((4, 4))
    expected = SPECTRAL_ANGLE.contributions(stack.vector((4, 4)), stack.vector((1, 2)))
    qtbot.waitUntil(lambda: bool(told) and np.array_equal(told[-1], expected))
    panel.order.value = Order.NUMBER
    qtbot.waitUntil(lambda: told[-1] is None)


def test_pins_are_drawn_as_pixels_of_a_stack_that_is_moved(panel, explorer, stack):
    explorer.toggle_pin_at((2, 3))
    layer = explorer.session.layer
    layer.translate = np.add(layer.translate, (0, 4, 8))  # by a pixel and by two
    np.testing.assert_array_equal(curves(panel)["1, 1"], stack.vector((1, 1)))
    assert "2, 3" not in curves(panel)


def test_pin_under_the_cursor_has_its_curve_marked(panel, explorer):
    explorer.toggle_pin_at((1, 2))
    explorer.toggle_pin_at((5, 4))
    explorer.show_pixel((5, 4))
    assert panel.chart.legend.marked == 1
    explorer.show_pixel((4, 4))
    assert panel.chart.legend.marked is None


def test_click_in_the_legend_marks_the_pin_until_the_next(panel, explorer):
    explorer.toggle_pin_at((1, 2))
    explorer.toggle_pin_at((5, 4))
    explorer.show_pixel((4, 4))
    panel.chart.legend.clicked.emit(1)
    assert explorer.marked_pin.value == 1
    assert panel.chart.legend.marked == 1
    panel.chart.legend.clicked.emit(1)
    assert explorer.marked_pin.value is None
    assert panel.chart.legend.marked is None


def test_legend_leaves_out_pins_that_the_stack_does_not_reach(panel, explorer):
    explorer.toggle_pin_at((1, 2))
    explorer.toggle_pin_at((5, 4))
    layer = explorer.pins.layer
    layer.data = np.vstack([[900.0, 900.0], layer.data])
    explorer.show_pixel((4, 4))
    assert [entry.name for entry in panel.chart.legend.entries] == ["1, 2", "5, 4"]
    panel.chart.legend.clicked.emit(1)
    assert explorer.marked_pin.value == 2


def test_mean_in_the_legend_marks_no_pin(panel, explorer):
    explorer.toggle_pin_at((1, 2))
    explorer.toggle_pin_at((5, 4))
    explorer.show_pixel((4, 4))
    explorer.state.reference = ReferenceMode.MEAN
    panel.chart.legend.clicked.emit(2)
    assert explorer.marked_pin.value is None


def test_selected_features_show_their_mean_until_they_are_given_up(panel, explorer, stack, qtbot):
    panel.chart.features_brushed.emit(slice(2, 5))
    qtbot.waitUntil(lambda: explorer.is_idle)
    layer = explorer.map_layer
    np.testing.assert_allclose(layer.data, stack.values[..., 2:5].mean(axis=-1), rtol=1e-6)
    assert layer.name == "mean of features 2 to 4"
    panel.chart.features_brushed.emit(None)
    qtbot.waitUntil(lambda: explorer.is_idle)
    assert layer.name == "similarity"


def test_single_feature_of_another_control_ends_a_selection(panel, explorer, qtbot):
    told: list[slice | None] = []
    panel.chart._on_brushed(2.0, 4.0)
    panel.chart.features_brushed.connect(told.append)
    explorer.state.feature = 7
    assert told == [None]
    qtbot.waitUntil(lambda: explorer.map_layer.name == "feature 7")


def test_closed_binding_ends_a_selection(panel, explorer, qtbot):
    panel.chart._on_brushed(2.0, 4.0)
    qtbot.waitUntil(lambda: explorer.map_layer.name == "mean of features 2 to 4")
    panel.binding.close()
    qtbot.waitUntil(lambda: explorer.map_layer.name == "similarity")


def test_region_is_drawn_with_its_mean_and_deviation(panel, explorer, stack, qtbot):
    explorer.toggle_pin_at((3, 3))
    explorer.regions.choose(Shapes([[(4, 4), (4, 7), (11, 7), (11, 4)]], edge_color="#123456"))
    name = "shape 1 (2 px)"
    qtbot.waitUntil(lambda: name in curves(panel))
    vectors = stack.real_values(stack.values)[1:3, 1]
    np.testing.assert_allclose(curves(panel)[name], vectors.mean(axis=0))
    deviation = curves(panel)[f"{name}, standard deviation"]
    np.testing.assert_allclose(deviation, vectors.std(axis=0))
    explorer.regions.set_sign(0, -1)
    qtbot.waitUntil(lambda: f"unlike {name}" in curves(panel))
    legend = panel.chart.legend
    legend.clicked.emit(1)
    assert explorer.marked_pin.value is None
    legend.clicked.emit(0)
    assert explorer.marked_pin.value == 0


def test_window_is_drawn_with_its_mean_and_deviation(panel, explorer, stack, qtbot):
    explorer.show_pixel((2, 2))
    explorer.state.window = 3
    vectors = stack.real_values(stack.values)[1:4, 1:4].reshape(-1, stack.feature_count)
    qtbot.waitUntil(lambda: np.allclose(curves(panel)["cursor"], vectors.mean(axis=0)))
    np.testing.assert_allclose(curves(panel)["cursor, standard deviation"], vectors.std(axis=0))
    explorer.toggle_pin_at((2, 2))
    assert "2, 2 (9 px)" in curves(panel)


def test_mean_is_that_of_what_is_looked_for(panel, explorer, stack):
    for pixel in [(1, 2), (5, 4), (3, 3)]:
        explorer.toggle_pin_at(pixel)
    explorer.pins.set_sign(1, -1)
    explorer.state.reference = ReferenceMode.MEAN
    mean = np.mean([stack.vector((1, 2)), stack.vector((3, 3))], axis=0)
    np.testing.assert_allclose(curves(panel)[MEAN_NAME], mean)


def test_ticked_entries_of_the_library_are_drawn_in_their_colours(panel, explorer, qtbot):
    vectors = np.random.default_rng(0).random((2, 9))
    explorer.library.open(Library([LibraryEntry(vectors[0], "a"), LibraryEntry(vectors[1], "b")]))
    explorer.toggle_pin_at((1, 2))
    explorer.library.tick(1, True)
    qtbot.waitUntil(lambda: set(curves(panel)) == {"cursor", "1, 2", "b"})
    np.testing.assert_array_equal(curves(panel)["b"], vectors[1])
    explorer.library.rename(1, "kaolinite")
    qtbot.waitUntil(lambda: set(curves(panel)) == {"cursor", "1, 2", "kaolinite"})
    explorer.library.set_sign([1], -1)
    qtbot.waitUntil(lambda: set(curves(panel)) == {"cursor", "1, 2", "unlike kaolinite"})
    explorer.library.tick(1, False)
    qtbot.waitUntil(lambda: set(curves(panel)) == {"cursor", "1, 2"})


def test_entries_of_the_library_are_drawn_as_they_are_compared(panel, explorer, qtbot):
    vector = np.arange(1.0, 1.0 + panel.explorer.stack.feature_count)
    explorer.library.open(Library([LibraryEntry(vector, "a")]))
    explorer.library.tick(0, True)
    explorer.state.preprocessing = step_named("unit sum")
    drawn = vector / vector.sum()
    qtbot.waitUntil(lambda: np.allclose(curves(panel).get("a", 0.0), drawn), timeout=2000)


def test_range_of_values_is_that_of_what_is_done_to_them(panel, explorer, stack, qtbot):
    def highest() -> float:
        return panel.chart.plot.getViewBox().viewRange()[1][1]

    explorer.toggle_pin_at((1, 2))
    qtbot.waitUntil(lambda: highest() > 1.0)
    explorer.state.preprocessing = step_named("unit sum")
    qtbot.waitUntil(lambda: 0.0 < highest() < 1.0)
    explorer.state.preprocessing = None
    qtbot.waitUntil(lambda: highest() > 1.0)


@pytest.fixture
def held(panel, explorer, add_stack, qtbot):
    """The stacks of two other images: a reference is held in the first, the second is explored."""
    stacks = []
    for number, shape in enumerate([(12, 10, 9), (4, 3, 9)]):
        rng = np.random.default_rng(number)
        values = rng.integers(1, 256, shape).astype(np.uint8)
        overlay = rng.integers(0, 256, (8, 8, 3)).astype(np.uint8)
        stacks.append(FeatureStack(values=values, name=f"{number}", overlay=overlay))
    first, second = (add_stack(explorer._viewer, one) for one in stacks)
    explorer.state.layer = first
    explorer.link(second, 0)
    explorer.show_pixel((9, 7))
    qtbot.waitUntil(lambda: explorer.is_idle)
    explorer.look_at(second)
    assert explorer.asking.layer is first
    return stacks


def test_curve_is_that_of_the_reference_that_is_held_in_another_image(panel, explorer, held, qtbot):
    qtbot.waitUntil(lambda: np.array_equal(curves(panel).get("cursor"), held[0].vector((9, 7))))


def test_pins_of_another_image_are_drawn_while_they_are_compared_with(panel, explorer, held, qtbot):
    first, second = (session.layer for session in reversed(explorer.sessions))
    explorer.state.layer = first
    explorer.toggle_pin_at((9, 7))
    explorer.toggle_pin_at((1, 1))
    explorer.show_pixel((5, 5))
    explorer.state.reference = ReferenceMode.BEST
    explorer.look_at(second)
    assert set(curves(panel)) == {"9, 7", "1, 1"}
    np.testing.assert_array_equal(curves(panel)["9, 7"], held[0].vector((9, 7)))
    panel.chart.legend.clicked.emit(1)
    assert explorer.marked_pin.value == 1
    qtbot.wait(50)
    assert set(curves(panel)) == {"9, 7", "1, 1"}


def test_chart_shows_which_features_are_used(panel, explorer, qtbot):
    explorer.toggle_pin_at((1, 2))
    panel.order.value = Order.RELEVANCE
    qtbot.waitUntil(lambda: panel.relevance.count() == 9)
    used = UsedFeatures((True,) * 6 + (False,) * 3)
    explorer.feature_use.choose(explorer.session.layer, used)
    qtbot.waitUntil(lambda: panel.relevance.count() == 6)
    panel.order.value = Order.NUMBER
    qtbot.waitUntil(lambda: panel.chart._back.spans == ((5.5, 8.5),))
    explorer.feature_use.undo(explorer.session.layer)
    assert panel.chart._back.spans == ()
