from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from qtpy.QtCore import Qt

from napari_ifealid.widgets.relevance_list import (
    HINT,
    LISTED,
    NO_DATA,
    RelevanceList,
    most_relevant,
)


@pytest.fixture
def relevance(qtbot):
    relevance = RelevanceList()
    qtbot.addWidget(relevance)
    relevance.show()
    qtbot.waitExposed(relevance)
    return relevance


@pytest.fixture
def chosen(relevance):
    chosen: list[int] = []
    relevance.feature_chosen.connect(chosen.append)
    return chosen


def texts(relevance) -> list[str]:
    return [relevance.item(row).text() for row in range(relevance.count())]


def test_most_relevant_come_first_with_their_values(relevance):
    relevance.show_contributions(np.array([0.125, 0.5, 0.25]), ["a", "b", "c"])
    assert [text.split() for text in texts(relevance)] == [
        ["0.5000", "b"],
        ["0.2500", "c"],
        ["0.1250", "a"],
    ]


def test_list_ends_after_the_twentieth(relevance):
    contributions = np.random.default_rng(0).random(100)
    relevance.show_contributions(contributions, [str(n) for n in range(100)])
    labels = [int(text.split()[1]) for text in texts(relevance)]
    assert labels == np.argsort(-contributions)[:LISTED].tolist()


def test_nothing_known_says_what_is_missing(relevance, chosen, qtbot):
    relevance.show_contributions(np.ones(3), ["a", "b", "c"])
    relevance.show_contributions(None, ["a", "b", "c"])
    assert texts(relevance) == [HINT]
    place = relevance.visualItemRect(relevance.item(0)).center()
    qtbot.mouseClick(relevance.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.keyClick(relevance, Qt.Key.Key_Return)
    assert chosen == []


def test_hint_fits_and_goes(relevance):
    relevance.show_contributions(None, ["a"])
    room = relevance.viewport().width()
    assert relevance.fontMetrics().horizontalAdvance(HINT) < room
    relevance.show_contributions(np.ones(1), ["a"])
    assert texts(relevance) == ["1.0000   a"]


def test_kept_feature_is_marked_wherever_it_is_listed(relevance):
    relevance.mark_feature(2)
    for contributions, row in (([0.1, 0.5, 0.2], 1), ([0.1, 0.2, 0.5], 0)):
        relevance.show_contributions(np.array(contributions), ["a", "b", "c"])
        assert relevance.selectedItems() == [relevance.item(row)]
    relevance.mark_feature(None)
    assert relevance.selectedItems() == []


def test_click_and_enter_choose_the_feature_of_the_row(relevance, chosen, qtbot):
    relevance.show_contributions(np.array([0.125, 0.5, 0.25]), ["a", "b", "c"])
    place = relevance.visualItemRect(relevance.item(1)).center()
    qtbot.mouseClick(relevance.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.keyClick(relevance, Qt.Key.Key_Down)
    qtbot.keyClick(relevance, Qt.Key.Key_Return)
    assert chosen == [2, 0]


def test_current_row_stays_while_values_follow_the_cursor(relevance):
    relevance.show_contributions(np.array([0.125, 0.5, 0.25]), ["a", "b", "c"])
    relevance.setCurrentRow(1)
    relevance.show_contributions(np.array([0.5, 0.25, 0.125]), ["a", "b", "c"])
    assert relevance.currentRow() == 1


@given(arrays(float, st.integers(0, 9), elements=st.floats(allow_nan=True)))
def test_order_falls_and_ends_with_what_is_unknown(contributions):
    order = most_relevant(contributions)
    assert sorted(order) == list(range(len(contributions)))
    values = contributions[order]
    known = values[~np.isnan(values)]
    assert (known[1:] <= known[:-1]).all()
    assert np.isnan(values[known.size :]).all()


def test_features_that_are_not_used_are_not_listed(relevance):
    relevance.show_contributions(np.array([np.nan, 0.5, 0.25]), ["a", "b", "c"])
    assert [text.split()[1] for text in texts(relevance)] == ["b", "c"]
    relevance.show_contributions(np.full(3, np.nan), ["a", "b", "c"])
    assert texts(relevance) == [NO_DATA]
