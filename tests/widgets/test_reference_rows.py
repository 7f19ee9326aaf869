from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_ifealid.widgets.reference_rows import ReferenceRow, ReferenceRows

ROWS = [ReferenceRow("first", "#e69f00"), ReferenceRow("second", "#56b4e9", -1)]


@pytest.fixture
def rows(qtbot) -> ReferenceRows:
    rows = ReferenceRows("nothing yet", 2)
    qtbot.addWidget(rows)
    return rows


def texts(rows: ReferenceRows) -> list[str]:
    return [rows.item(row).text() for row in range(rows.count())]


def test_says_what_to_do_without_rows(rows):
    assert texts(rows) == ["nothing yet"]
    rows.setCurrentRow(0)
    assert rows.chosen is None


def test_other_rows_of_the_same_colours_have_the_same_pictures(rows):
    rows.show_rows(ROWS)
    before = [rows.item(row).icon().cacheKey() for row in range(2)]
    rows.show_rows([ReferenceRow("another", row.colour, row.sign) for row in ROWS])
    assert [rows.item(row).icon().cacheKey() for row in range(2)] == before


def test_note_is_below_the_rows(rows):
    rows.show_rows(ROWS, note="and more")
    assert texts(rows) == ["first", "unlike second", "and more"]
    rows.setCurrentRow(2)
    assert rows.chosen is None


def test_is_as_high_as_its_rows_and_no_higher_than_so_many(rows):
    one = rows.height()
    rows.show_rows(ROWS)
    two = rows.height()
    assert one < two < 2 * one
    rows.show_rows([*ROWS, ReferenceRow("third", "#009e73")])
    assert rows.height() == two
    rows.show_rows(ROWS[:1])
    assert rows.height() == one


def test_says_which_are_not_looked_for(rows):
    rows.show_rows(ROWS)
    assert texts(rows) == ["first", "unlike second"]


def test_chosen_row_stays_so(rows):
    rows.show_rows(ROWS)
    rows.setCurrentRow(1)
    rows.show_rows([*ROWS, ReferenceRow("third", "#009e73")])
    assert rows.chosen == 1
    rows.show_rows(ROWS[:1])
    assert rows.chosen is None


@pytest.mark.parametrize(
    ("key", "row", "sign"),
    [
        (Qt.Key.Key_Plus, 1, 1),
        (Qt.Key.Key_Minus, 0, -1),
        (Qt.Key.Key_Space, 0, -1),
        (Qt.Key.Key_Space, 1, 1),
    ],
)
def test_keys_choose_the_sign(rows, key, row, sign):
    chosen = []
    rows.sign_chosen.connect(lambda *of: chosen.append(of))
    rows.show_rows(ROWS)
    rows.setCurrentRow(row)
    QTest.keyClick(rows, key)
    assert chosen == [(row, sign)]


def test_delete_asks_for_removal(rows):
    chosen = []
    rows.removal_chosen.connect(chosen.append)
    rows.show_rows(ROWS)
    rows.setCurrentRow(1)
    QTest.keyClick(rows, Qt.Key.Key_Delete)
    assert chosen == [1]
