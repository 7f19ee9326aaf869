from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QColor, QHelpEvent, QMouseEvent, QPalette, QWheelEvent
from qtpy.QtWidgets import QApplication, QFileDialog, QToolTip

from napari_ifealid.widgets.vector_chart import PinnedVector, VectorChart

COUNT = 20


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

    def move(place: QPoint, buttons: Qt.MouseButton = Qt.MouseButton.NoButton) -> None:
        viewport, none = chart.plot.viewport(), Qt.MouseButton.NoButton
        places = QPointF(place), QPointF(viewport.mapToGlobal(place))
        plain = Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(QEvent.Type.MouseMove, *places, none, buttons, plain)
        QApplication.sendEvent(viewport, event)

    return move


@pytest.fixture
def drag(chart, move, qtbot):
    def drag(start: QPoint, stop: QPoint) -> None:
        left = Qt.MouseButton.LeftButton
        move(start)
        qtbot.mousePress(chart.plot.viewport(), left, pos=start)
        for step in range(1, 5):
            qtbot.wait(15)  # the scene leaves out moves within 10 ms
            move(start + (stop - start) * step / 4, left)
        qtbot.mouseRelease(chart.plot.viewport(), left, pos=stop)

    return drag


def curves(chart) -> dict[str, object]:
    """The curves that show something, by name."""
    items = chart.plot.getPlotItem().listDataItems()
    return {item.name(): item for item in items if len(item.getData()[1])}


def legend_names(chart) -> list[str]:
    legend = chart._legend
    return [label.text for _, label in legend.items] if legend.isVisible() else []


def tick_labels(chart) -> list[str]:
    return chart.plot.getPlotItem().getAxis("bottom").tickStrings([0, 1, 2.0, COUNT], 1.0, 1.0)


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


def test_name_is_text_not_markup(chart, vector):
    chart.set_pinned_vectors([PinnedVector(vector, "#ff0000", "<b>1</b>")])
    label = chart._legend.getLabel(curves(chart)["<b>1</b>"])
    assert label.item.toPlainText() == "<b>1</b>"


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


def test_axis_counts_features_or_shows_their_labels(chart):
    axis = chart.plot.getPlotItem().getAxis("bottom")
    assert tick_labels(chart) == ["0", "1", "2", ""]
    assert axis.label.isVisible()
    chart.set_features([450.5, 460.0, 470.25])
    assert tick_labels(chart) == ["450.5", "460", "470.25", ""]
    assert not axis.label.isVisible()
    chart.set_features(["red", "green", "blue"])
    assert tick_labels(chart) == ["red", "green", "blue", ""]


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


def test_click_in_the_legend_hides_a_curve(chart, clicked, pins, qtbot, move):
    chart.set_pinned_vectors(pins)
    chart.grab()
    sample = chart._legend.items[0][0]
    place = chart.plot.mapFromScene(sample.sceneBoundingRect().center())
    move(place)
    qtbot.mouseClick(chart.plot.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert clicked == []
    assert not curves(chart)["80, 53"].isVisible()


def test_drag_pans_and_is_no_click(chart, at, clicked, drag, vector):
    chart.set_cursor_vector(vector)
    before = y_range(chart)
    drag(at(5.0, 0.3), at(5.0, 0.7))
    after = y_range(chart)
    assert after[0] < before[0]
    assert after[1] < before[1]
    assert clicked == []


def test_range_grows_but_does_not_shrink(chart):
    chart.set_cursor_vector(np.full(COUNT, 0.5))
    assert y_range(chart) == pytest.approx((0.0, 0.515))
    chart.set_cursor_vector(np.full(COUNT, 4.0))
    grown = y_range(chart)
    assert grown == pytest.approx((0.0, 4.12))
    chart.set_cursor_vector(np.full(COUNT, 0.5))
    assert y_range(chart) == grown
    chart.set_pinned_vectors([PinnedVector(np.full(COUNT, -4.0), "#ff0000", "0, 0")])
    assert y_range(chart) == pytest.approx((-4.24, 4.24))


def test_range_of_the_users_own_stays_until_view_all(chart, at, vector):
    view = chart.plot.getPlotItem().getViewBox()
    chart.set_cursor_vector(np.full(COUNT, 8.0))
    chart.set_cursor_vector(np.full(COUNT, 1.0))
    view.setRange(xRange=(2, 5), yRange=(0, 0.5), padding=0)
    chart.set_cursor_vector(np.full(COUNT, 2.0))
    assert y_range(chart) == (0, 0.5)
    view.menu.viewAll.trigger()
    assert y_range(chart) == pytest.approx((0.0, 2.06))
    assert view.viewRange()[0] == [-0.5, COUNT - 0.5]
    chart.set_cursor_vector(np.full(COUNT, 3.0))
    assert y_range(chart) == pytest.approx((0.0, 3.09))


def test_view_never_leaves_the_features(chart, vector):
    chart.set_cursor_vector(vector)
    view = chart.plot.getPlotItem().getViewBox()
    view.setRange(xRange=(-500, 5), yRange=(1000, 1001))
    (left, right), (low, high) = view.viewRange()
    assert left >= -0.5
    assert right <= COUNT - 0.5
    assert low < high < 10


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
    (action,) = chart.plot.scene().contextMenu
    action.trigger()
    assert [path.name for path in tmp_path.iterdir()] == [written]
    assert told == [f"Saved {written} in {tmp_path}"]


def test_export_without_a_file_writes_nothing(chart, monkeypatch, tmp_path):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    told = notices(monkeypatch)
    (action,) = chart.plot.scene().contextMenu
    action.trigger()
    assert told == []


def test_export_that_fails_says_why_and_keeps_the_old_file(chart, monkeypatch, tmp_path):
    (tmp_path / "a.csv").write_text("old")
    answer = str(tmp_path / "a"), "CSV table (*.csv)"  # nobody was asked whether to replace it
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: answer)
    told = notices(monkeypatch)
    (action,) = chart.plot.scene().contextMenu
    action.trigger()
    assert "a.csv" in told[0]
    assert (tmp_path / "a.csv").read_text() == "old"


def notices(monkeypatch) -> list[str]:
    """Return the list of what the user is told."""
    told: list[str] = []
    for name in ("show_info", "show_error"):
        monkeypatch.setattr(f"napari_ifealid.widgets.vector_chart.{name}", told.append)
    return told


def test_curves_are_told_in_the_order_of_the_features(chart, vector, pins):
    chart.set_cursor_vector(vector)
    chart.set_pinned_vectors(pins)
    chart.set_order(np.argsort(vector))
    names, values = zip(*chart.curves, strict=True)
    assert names == ("cursor", "80, 53", "7, 120")
    np.testing.assert_array_equal(values, [vector, vector / 2, -vector])


def test_right_click_offers_reset_and_export_of_the_plot(chart, at, clicked, qtbot, move):
    view = chart.plot.getPlotItem().getViewBox()
    move(at(5.0))
    qtbot.mouseClick(chart.plot.viewport(), Qt.MouseButton.RightButton, pos=at(5.0))
    qtbot.waitUntil(view.menu.isVisible)
    actions = {action.text(): action for action in view.menu.actions()}
    view.menu.close()
    assert {"View All", "Export…"} <= set(actions)
    assert "Plot Options" not in actions
    assert clicked == []


def test_colours_follow_the_palette(chart):
    for background, text in (("#262930", "#f0f1f2"), ("#efebe9", "#3b3a39")):
        palette = chart.palette()
        palette.setColor(QPalette.ColorRole.Window, QColor(background))
        palette.setColor(QPalette.ColorRole.WindowText, QColor(text))
        chart.setPalette(palette)
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


def test_tooltip_explains_the_mouse(chart, at, qtbot):
    viewport = chart.plot.viewport()
    event = QHelpEvent(QEvent.Type.ToolTip, at(5.0), viewport.mapToGlobal(at(5.0)))
    QApplication.sendEvent(viewport, event)
    qtbot.waitUntil(QToolTip.isVisible)
    for word in ("wheel", "drag", "View All", "Export"):
        assert word in QToolTip.text()
    QToolTip.hideText()


def test_wheel_zooms_into_the_features(chart, at, vector):
    chart.set_cursor_vector(vector)
    viewport = chart.plot.viewport()
    turn = QWheelEvent(
        QPointF(at(5.0)),
        QPointF(viewport.mapToGlobal(at(5.0))),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport, turn)
    left, right = chart.plot.getPlotItem().getViewBox().viewRange()[0]
    assert -0.5 < left < 5 < right < COUNT - 0.5


def test_button_in_the_corner_resets_the_view(chart, at, clicked, move, qtbot):
    item = chart.plot.getPlotItem()
    chart.set_cursor_vector(np.full(COUNT, 2.0))
    item.getViewBox().setRange(xRange=(2, 5), yRange=(0, 0.5), padding=0)
    move(at(4.0))
    assert item.autoBtn.isVisible()
    place = chart.plot.mapFromScene(item.autoBtn.sceneBoundingRect().center())
    qtbot.mouseClick(chart.plot.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert y_range(chart) == pytest.approx((0.0, 2.06))
    assert clicked == []


def test_new_features_are_all_in_view(chart):
    view = chart.plot.getPlotItem().getViewBox()
    chart.set_cursor_vector(np.full(COUNT, 2.0))
    view.setRange(xRange=(2, 5), yRange=(0, 0.5), padding=0)
    chart.set_features(range(5))
    chart.set_cursor_vector(np.full(5, 1.0))
    assert y_range(chart) == pytest.approx((0.0, 1.03))
    assert view.viewRange()[0] == [-0.5, 4.5]
