from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QItemSelectionModel, QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDropEvent
from qtpy.QtTest import QTest

from napari_ifealid.libraries import Library, LibraryEntry
from napari_ifealid.widgets.library_list import LibraryList

SIGNS = "Look for pixels like it", "Look for pixels unlike it"


@pytest.fixture
def source(explorer):
    vectors = np.random.default_rng(0).random((4, 9))
    explorer.library.open(
        Library([LibraryEntry(vector, name) for vector, name in zip(vectors, "abcd", strict=True)])
    )
    return explorer.library


@pytest.fixture
def entries(source, qtbot) -> LibraryList:
    entries = LibraryList(source)
    qtbot.addWidget(entries)
    source.listed.connect(entries.show_list)
    return entries


def names(source) -> list[str]:
    return [entry.name for entry in source.entries]


def test_key_removes_what_is_chosen(entries, source):
    entries.choose(1)
    QTest.keyClick(entries, Qt.Key.Key_Delete)
    assert names(source) == ["a", "c", "d"]


def test_key_undoes(entries, source):
    source.remove([0])
    QTest.keyClick(entries, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert names(source) == ["a", "b", "c", "d"]


def test_space_ticks(entries, source):
    entries.choose(2)
    QTest.keyClick(entries, Qt.Key.Key_Space)
    assert source.ticked == [2]


@pytest.mark.parametrize(("key", "sign"), [(Qt.Key.Key_Plus, 1), (Qt.Key.Key_Minus, -1)])
def test_keys_choose_the_sign(entries, source, key, sign):
    entries.choose(2)
    QTest.keyClick(entries, key)
    assert [tick and tick.sign for tick in source.ticks] == [None, None, sign, None]


def test_menu_chooses_the_sign(entries, source):
    entries.choose(1)
    act, _ = entries.actions_for_menu()["Look for pixels unlike it\t−"]
    act()
    assert source.ticks[1].sign == -1
    act, _ = entries.actions_for_menu()["Look for pixels like it\t+"]
    act()
    assert source.ticks[1].sign == 1


def test_keys_move_the_chosen_entry_in_its_own_order(entries, source):
    entries.choose(1)
    QTest.keyClick(entries, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert names(source) == ["a", "b", "c", "d"]
    entries.rows.is_ranked = False
    QTest.keyClick(entries, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(entries, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert names(source) == ["a", "c", "d", "b"]
    assert entries.chosen == [3]
    QTest.keyClick(entries, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert names(source) == ["a", "c", "b", "d"]


def test_name_is_edited_in_its_row_while_the_ranking_goes_on(entries, source, qtbot):
    entries.show()
    entries.rename(2)
    editor = entries.viewport().findChild(type(entries.indexWidget(entries.currentIndex())))
    assert entries.keeps_order
    entries.show_similarities(np.array([0.1, 0.9, 0.5, 0.2]))
    QTest.keyClicks(editor, "kaolinite")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "kaolinite" in names(source))
    assert names(source) == ["a", "b", "kaolinite", "d"]


@pytest.mark.parametrize("chosen", [[2], [0, 1], [0, 2, 3], []])
def test_selection_goes_along_with_its_entries(entries, chosen):
    entries.choose(1)
    entries.clearSelection()
    for number in chosen:
        index = entries.rows.index(number, 0)
        flags = QItemSelectionModel.SelectionFlag
        entries.selectionModel().setCurrentIndex(index, flags.Select | flags.Rows)
    entries.show_similarities(np.array([0.1, 0.9, 0.5, 0.2]))
    assert entries.chosen == chosen
    entries.rank(False)
    assert entries.chosen == chosen
    assert entries.hasAutoScroll()


@pytest.mark.parametrize(
    ("chosen", "is_ranked", "possible"),
    [
        ([], True, {"Clear the list", "Undo"}),
        ([1], True, {*SIGNS, "Rename", "Remove", "Clear the list", "Undo"}),
        ([0], False, {*SIGNS, "Rename", "Move down", "Remove", "Clear the list", "Undo"}),
        ([3], False, {*SIGNS, "Rename", "Move up", "Remove", "Clear the list", "Undo"}),
    ],
)
def test_menu_offers_what_can_be_done(entries, chosen, is_ranked, possible):
    entries.rows.is_ranked = is_ranked
    entries.clearSelection()
    for number in chosen:
        entries.choose(number)
    found = entries.actions_for_menu().items()
    assert {text.split("\t")[0] for text, (_, can) in found if can} == possible


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["a.sli"], "a.sli"),
        (["a.CSV"], "a.CSV"),
        (["a.png"], None),
        (["a.sli", "b.sli"], None),
        (["library.hdr"], "library.hdr"),
        (["cube.hdr"], None),
    ],
)
def test_file_of_a_library_can_be_dropped(entries, tmp_path, files, expected):
    (tmp_path / "cube.hdr").write_text("ENVI\nfile type = ENVI Standard\n")
    (tmp_path / "library.hdr").write_text("ENVI\nfile type = ENVI Spectral Library\n")
    dropped = []
    entries.file_dropped.connect(dropped.append)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in files])
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    entries.dropEvent(event)
    assert dropped == ([] if expected is None else [tmp_path / expected])
    assert event.isAccepted() == (expected is not None)
