from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_ifealid.widgets.threshold_histogram import BINS, ThresholdHistogram, histogram


@pytest.fixture
def widget(qtbot) -> ThresholdHistogram:
    widget = ThresholdHistogram()
    qtbot.addWidget(widget)
    widget.resize(216, 84)  # 200 pixels between the margins
    widget.show()
    widget.show_values(np.linspace(0, 1, 500, dtype=np.float32), 0.0, 1.0)
    return widget


@given(st.lists(st.floats(-1, 2, width=32), max_size=200))
def test_counts_are_those_of_numpy(values):
    values = np.array(values, np.float32)
    counts = histogram(values, 0.0, 1.0)
    numbers = np.clip((values * np.float32(BINS)).astype(int), 0, BINS - 1)
    numbers[values < 0] = 0
    np.testing.assert_array_equal(counts, np.bincount(numbers, minlength=BINS))


def test_values_that_are_not_finite_are_left_out():
    values = np.array([0.5, np.nan, np.inf, -np.inf], np.float32)
    assert histogram(values, 0.0, 1.0).sum() == 1
    assert histogram(values[1:], 0.0, 1.0).sum() == 0


def test_of_very_many_values_some_are_counted():
    values = np.tile(np.array([0.25, 0.75], np.float32), 500_001)[:-1]
    counts = histogram(values, 0.0, 1.0)
    assert 100_000 < counts.sum() < 300_000
    assert np.count_nonzero(counts) == 2


def test_threshold_is_dragged_with_the_mouse(widget, qtbot):
    seen = []
    widget.changed.connect(seen.append)
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=QPoint(58, 20))
    assert seen == [pytest.approx(0.25, abs=0.01)]
    QTest.mouseMove(widget, QPoint(108, 20))
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=QPoint(108, 20))


def test_threshold_stays_within_the_range(widget):
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=QPoint(215, 20))
    assert widget.threshold == 1.0
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=QPoint(0, 20))
    assert widget.threshold == 0.0


def test_keys_move_the_threshold(widget):
    widget.threshold = 0.5
    QTest.keyClick(widget, Qt.Key.Key_Right)
    assert widget.threshold == pytest.approx(0.51)
    QTest.keyClick(widget, Qt.Key.Key_Left)
    QTest.keyClick(widget, Qt.Key.Key_Left)
    assert widget.threshold == pytest.approx(0.49)
    QTest.keyClick(widget, Qt.Key.Key_End)
    assert widget.threshold == 1.0
    QTest.keyClick(widget, Qt.Key.Key_Home)
    assert widget.threshold == 0.0


def test_colour_of_each_value_is_drawn_below(widget):
    widget.show_colours(np.array([[1, 0, 0, 0.1], [0, 1, 0, 1]]), 0.0, 1.0)
    picture = widget.grab().toImage()
    ratio = picture.width() / widget.width()

    def colours(x):
        column = [picture.pixelColor(int(x * ratio), y) for y in range(picture.height())]
        return {(colour.red(), colour.green(), colour.blue()) for colour in column}

    assert (255, 0, 0) in colours(40)
    assert (0, 255, 0) in colours(180)


def test_nothing_is_drawn_without_values(widget):
    widget.show_values(np.empty(0, np.float32), 0.0, 1.0)
    assert not widget.grab().isNull()
