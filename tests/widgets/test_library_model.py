from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_ifealid.libraries import Library, LibraryEntry
from napari_ifealid.widgets.library_model import NAME, SIMILARITY, LibraryModel

ROLE = Qt.ItemDataRole


@pytest.fixture
def source(explorer):
    vectors = np.random.default_rng(0).random((4, 9))
    explorer.library.open(
        Library([LibraryEntry(vector, name) for vector, name in zip(vectors, "abcd", strict=True)])
    )
    return explorer.library


@pytest.fixture
def model(source, qtmodeltester) -> LibraryModel:
    model = LibraryModel(source)
    qtmodeltester.check(model)
    return model


def column(model: LibraryModel, number: int, role=ROLE.DisplayRole) -> list:
    return [model.data(model.index(row, number), role) for row in range(model.rowCount())]


def test_entries_have_their_own_order_at_first(model):
    assert column(model, NAME) == ["a", "b", "c", "d"]
    assert column(model, SIMILARITY) == [None] * 4


def test_best_entry_comes_first(model):
    model.show_similarities(np.array([0.5, np.nan, 0.75, 0.5]))
    assert column(model, NAME) == ["c", "a", "d", "b"]
    assert column(model, SIMILARITY) == ["0.750", "0.500", "0.500", "–"]


def test_own_order_can_be_kept(model):
    model.is_ranked = False
    model.show_similarities(np.array([0.5, 0.6, 0.7, 0.8]))
    assert column(model, NAME) == ["a", "b", "c", "d"]
    model.is_ranked = True
    assert column(model, NAME) == ["d", "c", "b", "a"]


def test_rows_stay_where_they_are_if_asked_to(model):
    model.show_similarities(np.array([0.5, 0.6, 0.7, 0.8]), keeps_order=True)
    assert column(model, NAME) == ["a", "b", "c", "d"]
    assert column(model, SIMILARITY)[0] == "0.500"


def test_unknown_similarities_are_not_shown(model):
    model.show_similarities(np.array([0.5, 0.6, 0.7, 0.8]))
    model.show_similarities(None)
    assert column(model, NAME) == ["d", "c", "b", "a"]
    assert column(model, SIMILARITY) == [None] * 4


def test_tick_and_name_are_those_of_the_source(model, source):
    model.show_similarities(np.array([0.5, 0.6, 0.7, 0.8]))
    assert model.setData(model.index(0, NAME), Qt.CheckState.Checked.value, ROLE.CheckStateRole)
    assert source.ticked == [3]
    assert column(model, NAME, ROLE.CheckStateRole)[0] == Qt.CheckState.Checked
    assert model.setData(model.index(0, NAME), "kaolinite")
    assert source.entries[3].name == "kaolinite"
    assert not model.setData(model.index(0, NAME), 1, ROLE.FontRole)


def test_sign_is_shown_with_the_name_that_is_edited_without_it(model, source):
    source.set_sign([1], -1)
    assert column(model, NAME) == ["a", "unlike b", "c", "d"]
    assert column(model, NAME, ROLE.EditRole) == ["a", "b", "c", "d"]
    source.tick(1, False)
    assert column(model, NAME) == ["a", "b", "c", "d"]


def test_tooltip_tells_where_an_entry_comes_from(model, explorer, source):
    explorer.add_to_library((2, 3), "here")
    model.show_list()
    text = model.data(model.index(model.row_of(4), NAME), ROLE.ToolTipRole)
    assert text == f"here\npixel 2, 3\nof {explorer.state.layer.name}"


def test_other_list_has_no_similarities_yet(model, source):
    model.show_similarities(np.array([0.5, 0.6, 0.7, 0.8]))
    source.remove([0])
    model.show_list()
    assert column(model, NAME) == ["b", "c", "d"]
    assert column(model, SIMILARITY) == [None] * 3
