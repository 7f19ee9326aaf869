from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QColor, QFontMetrics, QMouseEvent, QPalette, QWheelEvent
from qtpy.QtWidgets import QApplication, QFileDialog

from napari_ifealid.measures import UsedFeatures
from napari_ifealid.widgets.chart_curves import MEAN_NAME, PinnedVector
from napari_ifealid.widgets.paper_colours import on_white
from napari_ifealid.widgets.vector_chart import VectorChart

COUNT = 20
NO_KEY = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def chart(qtbot):
    chart = VectorChart()
    qtbot.addWidget(chart)
    chart.resize(300, 250)
    chart.show()
    qtbot.waitExposed(chart)
    chart.set_features(range(COUNT))
    chart.grab()
    return chart


@pytest.fixture
def vector():
    return np.random.default_rng(3).normal(size=COUNT)


@pytest.fixture
def pins(vector):
    return [
        PinnedVector(vector / 2, "#ff8800", "80, 53"),
        PinnedVector(-vector, "#00aaff", "7, 120"),
    ]


@pytest.fixture
def at(chart):
    """Returns the place of a feature's position in the viewport."""

    def at(position: float, height: float = 0.4) -> QPoint:
        view = chart.plot.getPlotItem().getViewBox()
        low, high = view.viewRange()[1]
        return chart.plot.mapFromScene(
            view.mapViewToScene(QPointF(position, low + height * (high - low)))
        )

    return at


@pytest.fixture
def hovered(chart):
    features: list[int | None] = []
    chart.feature_hovered.connect(features.append)
    return features


@pytest.fixture
def clicked(chart):
    features: list[int] = []
    chart.feature_clicked.connect(features.append)
    return features


@pytest.fixture
def move(chart):
    """Moves the pointer over the chart."""

    def move(place: QPoint, buttons=Qt.MouseButton.NoButton, key=NO_KEY) -> None:
        viewport, none = chart.plot.viewport(), Qt.MouseButton.NoButton
        places = QPointF(place), QPointF(viewport.mapToGlobal(place))
        event = QMouseEvent(QEvent.Type.MouseMove, *places, none, buttons, key)
        QApplication.sendEvent(viewport, event)

    return move


@pytest.fixture
def drag(chart, move, qtbot):
    def drag(start: QPoint, stop: QPoint, button=Qt.MouseButton.LeftButton, key=NO_KEY) -> None:
        move(start)
        qtbot.mousePress(chart.plot.viewport(), button, key, start)
        for step in range(1, 5):
            qtbot.wait(15)  # the scene leaves out moves within 10 ms
            move(start + (stop - start) * step / 4, button, key)
        qtbot.mouseRelease(chart.plot.viewport(), button, key, stop)

    return drag


@pytest.fixture
def turn_wheel(chart):
    """Turns the wheel at a place in the viewport."""

    def turn_wheel(place: QPoint, angle: int = 240) -> None:
        viewport = chart.plot.viewport()
        turn = QWheelEvent(
            QPointF(place),
            QPointF(viewport.mapToGlobal(place)),
            QPoint(),
            QPoint(0, angle),
            Qt.MouseButton.NoButton,
            NO_KEY,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(viewport, turn)

    return turn_wheel


@pytest.fixture
def brushed(chart):
    ranges: list[slice | None] = []
    chart.features_brushed.connect(ranges.append)
    return ranges


def curves(chart) -> dict[str, object]:
    """The curves that show something, by name."""
    items = chart.plot.getPlotItem().listDataItems()
    return {item.name(): item for item in items if len(item.getData()[1])}


def legend_names(chart) -> list[str]:
    return [entry.name for entry in chart.legend.entries]


def tick_labels(chart) -> list[str]:
    return chart.plot.getPlotItem().getAxis("bottom").tickStrings([0, 1, 2.0, COUNT], 1.0, 1.0)


def shown_ticks(chart) -> list[str]:
    """The texts of the axis as it is drawn."""
    axis = chart.plot.getPlotItem().getAxis("bottom")
    (spacing, places), *_ = axis.tickValues(*axis.range, axis.width())
    return axis.tickStrings(places, 1.0, spacing)


def x_range(chart) -> tuple[float, float]:
    return tuple(chart.plot.getPlotItem().getViewBox().viewRange()[0])


def zoom(chart, left: float, right: float) -> None:
    chart.plot.getPlotItem().getViewBox().setXRange(left, right, padding=0)


def y_range(chart) -> tuple[float, float]:
    chart.grab()  # paints, and sets the range before
    return tuple(chart.plot.getPlotItem().getViewBox().viewRange()[1])


def test_cursor_vector_is_one_step_for_each_feature(chart, vector):
    chart.set_cursor_vector(vector)
    edges, values = curves(chart)["cursor"].getData()
    np.testing.assert_array_equal(edges, np.arange(COUNT + 1) - 0.5)
    np.testing.assert_array_equal(values, vector)


def test_no_cursor_vector_leaves_nothing(chart, vector):
    chart.set_cursor_vector(vector)
    chart.set_cursor_vector(None)
    assert curves(chart) == {}


def test_later_changes_of_an_array_do_not_reach_the_chart(chart, vector):
    chart.set_cursor_vector(vector)
    shown = vector.copy()
    vector[:] = 0
    chart.set_order(None)
    np.testing.assert_array_equal(curves(chart)["cursor"].getData()[1], shown)


def test_pins_have_their_colours_and_names(chart, pins):
    set_palette(chart, *DARK)
    chart.set_pinned_vectors(pins)
    assert legend_names(chart) == ["80, 53", "7, 120"]
    for pin in pins:
        curve = curves(chart)[pin.name]
        assert curve.opts["pen"].color().name() == pin.colour
        np.testing.assert_array_equal(curve.getData()[1], pin.values)


def test_moved_pin_keeps_its_curve(chart, pins, vector):
    chart.set_pinned_vectors(pins)
    before = curves(chart)["80, 53"]
    chart.set_pinned_vectors([PinnedVector(vector, "#ff0000", "1, 2"), pins[1]])
    assert curves(chart)["1, 2"] is before
    assert before.opts["pen"].color().name() == "#ff0000"
    assert legend_names(chart) == ["1, 2", "7, 120"]


def test_removed_pins_take_the_legend_with_them(chart, pins):
    chart.set_pinned_vectors(pins)
    chart.set_pinned_vectors(pins[1:])
    assert list(curves(chart)) == legend_names(chart) == ["7, 120"]
    chart.set_pinned_vectors([])
    assert curves(chart) == {}
    assert legend_names(chart) == []


def test_new_features_clear_the_chart(chart, vector, pins):
    chart.set_cursor_vector(vector)
    chart.set_pinned_vectors(pins)
    chart.mark_feature(3)
    chart.set_features(range(3))
    chart.grab()
    assert curves(chart) == {}
    assert not chart._mark.isVisible()
    assert chart.plot.getPlotItem().getViewBox().viewRange()[0] == [-0.5, 2.5]


@pytest.mark.parametrize(
    "set_", [VectorChart.set_cursor_vector, VectorChart.set_order, VectorChart.mark_feature]
)
def test_what_does_not_fit_the_features_is_refused(chart, set_):
    with pytest.raises(ValueError, match="feature"):
        set_(chart, COUNT if set_ is VectorChart.mark_feature else np.zeros(COUNT + 1, int))


def test_order_moves_values_and_labels(chart, vector, pins):
    order = np.argsort(vector)
    chart.set_cursor_vector(vector)
    chart.set_pinned_vectors(pins)
    chart.set_order(order)
    np.testing.assert_array_equal(curves(chart)["cursor"].getData()[1], np.sort(vector))
    np.testing.assert_array_equal(curves(chart)["7, 120"].getData()[1], -np.sort(vector))
    assert tick_labels(chart)[:2] == [str(order[0]), str(order[1])]
    chart.set_order(None)
    np.testing.assert_array_equal(curves(chart)["cursor"].getData()[1], vector)


def test_mark_tells_label_and_value(chart, vector):
    chart.set_cursor_vector(vector)
    chart.mark_feature(4)
    assert chart._mark.isVisible()
    assert chart._mark.value() == 4
    assert chart._mark.label.toPlainText() == f"feature 4: {vector[4]:.6g}"
    chart.set_order(np.arange(COUNT)[::-1])
    assert chart._mark.value() == COUNT - 5
    chart.set_cursor_vector(2 * vector)
    assert chart._mark.label.toPlainText() == f"feature 4: {2 * vector[4]:.6g}"
    chart.set_features(["{", "b"])
    chart.mark_feature(0)
    assert chart._mark.label.toPlainText() == "{"
    chart.mark_feature(None)
    assert not chart._mark.isVisible()


def test_hovering_tells_each_feature_once(chart, at, hovered, move):
    for position in (3.0, 3.2, 4.0, 2.9):
        move(at(position))
    assert hovered == [3, 4, 3]


def test_hovering_follows_the_order(chart, at, hovered, move):
    chart.set_order(np.arange(COUNT)[::-1])
    move(at(3.0))
    assert hovered == [COUNT - 4]


def test_pointer_over_an_axis_hovers_over_no_feature(chart, at, hovered, move):
    move(at(3.0))
    move(QPoint(5, 100))
    assert hovered == [3, None]


def test_leaving_the_chart_is_told(chart, at, hovered, move):
    move(at(3.0))
    QApplication.sendEvent(chart, QEvent(QEvent.Type.Leave))
    assert hovered == [3, None]


def test_hiding_the_chart_is_leaving_it(chart, at, hovered, move):
    move(at(3.0))
    chart.hide()
    assert hovered == [3, None]


def test_click_tells_the_feature(chart, at, clicked, qtbot, move):
    move(at(7.0))
    qtbot.mouseClick(chart.plot.viewport(), Qt.MouseButton.LeftButton, pos=at(7.0))
    assert clicked == [7]


def test_click_beside_the_plot_is_none(chart, clicked, qtbot):
    qtbot.mouseClick(chart.plot.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(5, 100))
    assert clicked == []


def test_missing_values_leave_gaps(chart, vector):
    vector[4:6] = np.nan
    vector[9] = np.inf
    chart.set_cursor_vector(vector)
    chart.set_pinned_vectors([PinnedVector(vector, "#ff0000", "0, 0")])
    known = vector[np.isfinite(vector)]
    low, high = y_range(chart)
    assert low < min(known.min(), 0.0)
    assert max(known.max(), 0.0) < high < 10
    assert not chart.grab().isNull()


def test_vector_of_missing_values_draws_nothing(chart):
    chart.set_cursor_vector(np.full(COUNT, np.nan))
    assert curves(chart) == {}
    assert y_range(chart) == pytest.approx((0.0, 1.03))
    assert not chart.grab().isNull()


@pytest.mark.parametrize(
    ("chosen", "kind", "written"),
    [
        ("a.svg", "PNG image (*.png)", "a.svg"),
        ("a", "SVG drawing (*.svg)", "a.svg"),
        ("a", "CSV table (*.csv)", "a.csv"),
        ("a.PNG", "CSV table (*.csv)", "a.PNG"),
    ],
)
def test_export_asks_for_a_file_and_writes_it(
    chart, vector, at, qtbot, monkeypatch, tmp_path, chosen, kind, written
):
    chart.set_cursor_vector(vector)
    answer = str(tmp_path / chosen), kind
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: answer)
    told = notices(monkeypatch)
    chart.ask_where_to_export()
    assert [path.name for path in tmp_path.iterdir()] == [written]
    assert told == [f"Saved {written} in {tmp_path}"]


def test_export_without_a_file_writes_nothing(chart, monkeypatch, tmp_path):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    told = notices(monkeypatch)
    chart.ask_where_to_export()
    assert told == []


def test_export_that_fails_says_why_and_keeps_the_old_file(chart, monkeypatch, tmp_path):
    (tmp_path / "a.csv").write_text("old")
    answer = str(tmp_path / "a"), "CSV table (*.csv)"  # nobody was asked whether to replace it
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: answer)
    told = notices(monkeypatch)
    chart.ask_where_to_export()
    assert "a.csv" in told[0]
    assert (tmp_path / "a.csv").read_text() == "old"


def notices(monkeypatch) -> list[str]:
    """Return the list of what the user is told."""
    told: list[str] = []
    for name in ("show_info", "show_error"):
        monkeypatch.setattr(f"napari_ifealid.widgets.save_file.{name}", told.append)
    return told


def test_curves_are_told_in_the_order_of_the_features(chart, vector, pins):
    chart.set_cursor_vector(vector)
    chart.set_pinned_vectors(pins)
    chart.set_order(np.argsort(vector))
    names, values = zip(*chart.curves, strict=True)
    assert names == ("cursor", "80, 53", "7, 120")
    np.testing.assert_array_equal(values, [vector, vector / 2, -vector])


DARK, LIGHT = ("#262930", "#f0f1f2"), ("#efebe9", "#3b3a39")


def set_palette(chart, background, text) -> None:
    palette = chart.palette()
    palette.setColor(QPalette.ColorRole.Window, QColor(background))
    palette.setColor(QPalette.ColorRole.WindowText, QColor(text))
    chart.setPalette(palette)


def test_pale_pins_are_darker_on_a_light_background(chart, vector):
    chart.set_pinned_vectors([PinnedVector(vector, "#f0e442", "yellow")])
    for (background, text), colour in ((DARK, "#f0e442"), (LIGHT, on_white("#f0e442"))):
        set_palette(chart, background, text)
        curve = curves(chart)["yellow"]
        assert curve.opts["pen"].color().name() == colour


def test_colours_follow_the_palette(chart):
    for background, text in (DARK, LIGHT):
        set_palette(chart, background, text)
        assert chart.plot.backgroundBrush().color().name() == background
        assert chart.plot.getPlotItem().getAxis("left").textPen().color().name() == text


def test_value_axis_keeps_its_width(chart, vector):
    axis = chart.plot.getPlotItem().getAxis("left")
    chart.set_cursor_vector(vector)
    chart.grab()
    width = axis.width()
    chart.set_cursor_vector(vector * 1e5)
    chart.grab()
    assert axis.width() == width


def test_new_features_are_all_in_view(chart):
    view = chart.plot.getPlotItem().getViewBox()
    chart.set_cursor_vector(np.full(COUNT, 2.0))
    view.setRange(xRange=(2, 5), yRange=(0, 0.5), padding=0)
    chart.set_features(range(5))
    chart.set_cursor_vector(np.full(5, 1.0))
    assert y_range(chart) == pytest.approx((0.0, 1.03))
    assert view.viewRange()[0] == [-0.5, 4.5]


def test_no_tooltip_covers_the_curves(chart):
    assert not any(part.toolTip() for part in (chart, chart.plot, chart.plot.viewport()))


def test_wheel_zooms_into_the_features_only(chart, at, turn_wheel):
    chart.set_cursor_vector(np.full(COUNT, 1.0))
    before = y_range(chart)
    turn_wheel(at(5.0))
    left, right = x_range(chart)
    assert -0.5 < left < 5 < right < COUNT - 0.5
    assert y_range(chart) == before


def test_wheel_over_the_values_axis_changes_nothing(chart, vector, turn_wheel):
    chart.set_cursor_vector(vector)
    before = x_range(chart), y_range(chart)
    turn_wheel(QPoint(10, 100))
    assert (x_range(chart), y_range(chart)) == before


def test_view_never_leaves_the_features(chart, vector):
    chart.set_cursor_vector(vector)
    zoom(chart, -500, 5)
    left, right = x_range(chart)
    assert left >= -0.5
    assert right <= COUNT - 0.5


def test_values_in_view_and_zero_are_shown(chart):
    values = np.linspace(2.0, 21.0, COUNT)
    chart.set_cursor_vector(values)
    assert y_range(chart) == pytest.approx((0.0, 21 * 1.03))
    zoom(chart, -0.5, 3.4)
    assert y_range(chart) == pytest.approx((0.0, 5 * 1.03))
    chart.set_cursor_vector(-values)
    assert y_range(chart) == pytest.approx((-5.3, 5.3))
    zoom(chart, -0.5, 1.4)
    assert y_range(chart) == pytest.approx((-3 * 1.03, 0.0))


def test_range_of_values_is_calm_on_a_hover(chart):
    chart.set_cursor_vector(np.full(COUNT, 4.0))
    grown = y_range(chart)
    chart.set_cursor_vector(np.full(COUNT, 0.5))
    chart.set_order(np.roll(np.arange(COUNT), 1))
    assert y_range(chart) == grown == pytest.approx((0.0, 4.12))
    chart.reset_view()
    assert y_range(chart) == pytest.approx((0.0, 0.515))


def test_zoomed_view_stays_on_a_hover_until_it_is_reset(chart, vector):
    zoom(chart, 2, 5)
    chart.set_cursor_vector(vector)
    assert x_range(chart) == (2, 5)
    chart.reset_view()
    assert x_range(chart) == (-0.5, COUNT - 0.5)


@pytest.mark.parametrize(
    ("button", "key"),
    [
        (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier),
        (Qt.MouseButton.MiddleButton, NO_KEY),
    ],
)
def test_shift_or_the_middle_button_pans(chart, at, drag, clicked, brushed, vector, button, key):
    chart.set_cursor_vector(vector)
    zoom(chart, 5, 10)
    drag(at(8.0), at(6.0), button, key)
    left, right = x_range(chart)
    assert left > 5
    assert right - left == pytest.approx(5)
    assert clicked == brushed == []


def test_drag_selects_features(chart, at, drag, clicked, brushed, hovered):
    drag(at(3.0), at(7.0))
    assert brushed[-1] == slice(3, 8)
    assert clicked == []
    assert chart._region.getRegion() == (2.5, 7.5)
    assert hovered[-1] is None


def test_drag_to_the_left_selects_the_same(chart, at, drag, brushed):
    drag(at(7.0), at(3.0))
    assert brushed[-1] == slice(3, 8)


def test_pointer_over_a_selection_hovers_over_no_feature(chart, at, drag, move, hovered):
    drag(at(3.0), at(7.0))
    hovered.clear()
    move(at(5.0))
    move(at(12.0))
    assert hovered == []


def test_click_ends_a_selection_and_keeps_no_feature(chart, at, drag, brushed, clicked, qtbot):
    drag(at(3.0), at(7.0))
    qtbot.mouseClick(chart.plot.viewport(), Qt.MouseButton.LeftButton, pos=at(12.0))
    assert brushed[-1] is None
    assert clicked == []
    assert not chart._region.isVisible()


def test_escape_ends_a_selection(chart, at, drag, brushed, qtbot):
    drag(at(3.0), at(7.0))
    qtbot.keyClick(chart.plot, Qt.Key.Key_Escape)
    assert brushed[-1] is None


def test_other_features_and_another_order_end_a_selection(chart, at, drag, brushed):
    drag(at(3.0), at(7.0))
    chart.set_order(np.arange(COUNT)[::-1])
    assert brushed[-1] is None
    drag(at(3.0), at(7.0))
    assert brushed[-1] == slice(COUNT - 8, COUNT - 3)
    chart.set_features(range(3))
    assert brushed[-1] is None


def test_features_without_successive_numbers_are_not_selected(chart, at, drag, brushed):
    chart.set_order(np.roll(np.arange(COUNT), 3))
    drag(at(3.0), at(7.0))
    assert brushed == []


def test_right_click_offers_reset_and_export(chart, at, clicked, qtbot, move):
    move(at(5.0))
    qtbot.mouseClick(chart.plot.viewport(), Qt.MouseButton.RightButton, pos=at(5.0))
    menu = chart._menu
    qtbot.waitUntil(menu.isVisible)
    assert [action.text() for action in menu.actions()] == ["Reset view", "Export…"]
    zoom(chart, 2, 5)
    menu.actions()[0].trigger()
    assert x_range(chart) == (-0.5, COUNT - 0.5)
    menu.close()
    assert clicked == []


def test_axis_counts_features(chart):
    axis = chart.plot.getPlotItem().getAxis("bottom")
    assert shown_ticks(chart)[:2] == ["0", "5"]
    assert axis.label.toPlainText().strip() == "feature"
    zoom(chart, 3.5, 4.5)
    assert shown_ticks(chart) == ["4"]


def test_wavelengths_have_steps_between_their_neighbours_and_round_ticks(chart):
    axis = chart.plot.getPlotItem().getAxis("bottom")
    chart.set_features(["612.5 nm", "402.5 nm", "452.5 nm"])
    chart.set_cursor_vector(np.array([3.0, 1.0, 2.0]))
    edges, values = curves(chart)["cursor"].getData()
    np.testing.assert_allclose(edges, [377.5, 427.5, 532.5, 692.5])
    np.testing.assert_array_equal(values, [1.0, 2.0, 3.0])
    assert all(float(text) % 50 == 0 for text in shown_ticks(chart))
    assert axis.label.toPlainText().strip() == "wavelength in nm"
    chart.mark_feature(2)
    assert chart._mark.value() == 452.5
    assert chart._mark.label.toPlainText() == "452.5 nm: 2"


def test_pointer_finds_features_by_wavelength(chart, at, hovered, move):
    chart.set_features(["612.5 nm", "402.5 nm", "452.5 nm"])
    for place in (400.0, 500.0, 600.0):
        move(at(place))
    assert hovered == [1, 2, 0]


def test_relevance_of_wavelengths_has_their_labels(chart):
    chart.set_features(["612.5 nm", "402.5 nm", "452.5 nm"])
    chart.set_order(np.array([0, 1, 2]))
    assert tick_labels(chart)[:3] == ["612.5 nm", "402.5 nm", "452.5 nm"]
    assert x_range(chart) == (-0.5, 2.5)
    chart.set_order(None)
    assert x_range(chart) == pytest.approx((377.5, 692.5))


def test_long_labels_are_elided_and_do_not_overlap(chart):
    chart.set_features([f"a name of feature {n} that nobody could fit in" for n in range(COUNT)])
    axis = chart.plot.getPlotItem().getAxis("bottom")
    metrics = QFontMetrics(axis.style["tickFont"])
    for left, right in ((-0.5, 19.5), (2.5, 6.5), (3.5, 4.5)):
        zoom(chart, left, right)
        (spacing, places), *_ = axis.tickValues(*axis.range, axis.width())
        texts = [text for text in axis.tickStrings(places, 1.0, spacing) if text]
        assert texts
        room = spacing * axis.width() / (right - left)
        assert all(metrics.horizontalAdvance(text) < room for text in texts)
    zoom(chart, -0.5, 19.5)
    assert any("…" in text for text in shown_ticks(chart))


def test_many_features_are_an_envelope_that_keeps_each_peak(chart):
    values = np.random.default_rng(5).normal(size=5000)
    values[3210] = 99.0
    chart.set_features(range(5000))
    chart.set_cursor_vector(values)
    chart.set_pinned_vectors([PinnedVector(values, "#ff0000", "pin")])
    for name in ("cursor", "pin"):
        x, y = curves(chart)[name].getData()
        assert x.size < 4 * chart.width()
        assert y.max() == 99.0
        assert y.min() == values.min()
        assert abs(x[np.argmax(y)] - 3210) < 5000 / 60


def test_envelope_becomes_steps_where_there_is_room(chart):
    values = np.random.default_rng(5).normal(size=5000)
    chart.set_features(range(5000))
    chart.set_cursor_vector(values)
    zoom(chart, 3000, 3020)
    np.testing.assert_array_equal(curves(chart)["cursor"].getData()[1], values)
    zoom(chart, 0, 4000)
    assert curves(chart)["cursor"].getData()[1].size < 2000


def test_mean_has_a_curve_and_a_dashed_entry(chart, pins, vector):
    chart.set_pinned_vectors(pins, vector / 4)
    np.testing.assert_array_equal(dict(chart.curves)[MEAN_NAME], vector / 4)
    assert legend_names(chart) == ["80, 53", "7, 120", MEAN_NAME]
    assert chart.legend.entries[-1].is_dashed
    chart.set_pinned_vectors(pins)
    assert legend_names(chart) == ["80, 53", "7, 120"]


def test_marked_pin_has_a_thicker_curve_and_a_marked_entry(chart, pins):
    chart.set_pinned_vectors(pins)
    chart.mark_pin(1)
    widths = {name: curve.opts["pen"].widthF() for name, curve in curves(chart).items()}
    assert widths["7, 120"] > widths["80, 53"]
    assert chart.legend.marked == 1
    chart.mark_pin(None)
    assert len({curve.opts["pen"].widthF() for curve in curves(chart).values()}) == 1


def test_features_that_are_not_used_are_gaps_before_a_grey_band(chart, vector):
    vector[4] = 1000.0
    chart.set_cursor_vector(vector)
    item = chart.plot.getPlotItem()

    def drawn() -> np.ndarray:
        (cursor,) = (curve for curve in item.listDataItems() if curve.name() == "cursor")
        return cursor.getData()[1]

    def colour_behind(feature: int) -> QColor:
        view = item.getViewBox()
        low, high = view.viewRange()[1]
        place = view.mapViewToDevice(QPointF(feature, low + 0.98 * (high - low)))
        image = chart.plot.grab().toImage()
        return image.pixelColor((place * image.devicePixelRatio()).toPoint())

    used = UsedFeatures(tuple(number not in (4, 5) for number in range(COUNT)))
    chart.set_used(used)
    assert np.flatnonzero(np.isnan(drawn())).tolist() == [4, 5]
    assert item.getViewBox().viewRange()[1][1] < 100.0  # values left out need no room
    assert colour_behind(5) != colour_behind(10)
    assert dict(chart.curves)["cursor"][4] == 1000.0  # as the table has it
    chart.mark_feature(4)
    assert chart._mark.label.format == "feature 4: 1000, left out"
    chart.mark_feature(None)
    chart.set_used(None)
    assert np.isfinite(drawn()).all()
    assert colour_behind(5) == colour_behind(10)
    chart.set_used(used)
    chart.set_features(range(3))
    chart.set_cursor_vector(np.ones(3))
    assert np.isfinite(drawn()).all()
