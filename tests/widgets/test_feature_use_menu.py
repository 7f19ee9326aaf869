from __future__ import annotations

from dataclasses import replace

import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt

from napari_ifealid.bands import Bands
from napari_ifealid.explorer import Explorer
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.widgets import feature_use_menu
from napari_ifealid.widgets.feature_use_menu import FeatureUseMenu
from napari_ifealid.widgets.vector_chart import VectorChart

LABELS = [f"{400 + 50 * number} nm" for number in range(9)]


@pytest.fixture
def explorer(qapp, add_stack, stack) -> Explorer:
    viewer = ViewerModel()
    bands = Bands(is_good=(True,) * 8 + (False,))
    add_stack(viewer, replace(stack, feature_labels=LABELS, bands=bands))
    return Explorer(viewer)


@pytest.fixture
def menu(explorer, qtbot):
    chart = VectorChart()
    qtbot.addWidget(chart)
    menu = FeatureUseMenu(chart, explorer)
    qtbot.addWidget(menu)
    chart.set_features(LABELS)
    return menu


def numbers(explorer) -> list[int]:
    used = explorer.session.features
    return list(range(9)) if used is None else used.numbers.tolist()


def brush(menu, first: int, last: int) -> None:
    menu._chart.features_brushed.emit(slice(first, last + 1))


def test_button_says_how_many_features_are_compared_and_why(menu, explorer):
    assert menu.text() == "8 of 9 features"
    assert "Left out: 800 nm (bad bands of the file)" in menu.toolTip()
    explorer.feature_use.choose(explorer.session.layer, None)
    assert menu.text() == "9 features"
    assert "Left out" not in menu.toolTip()


def test_selected_range_is_left_out_and_used_again(menu, explorer):
    assert not menu.leave_out.isEnabled()
    assert not menu.use_again.isEnabled()
    brush(menu, 2, 4)
    assert menu.leave_out.text() == "Leave out 500–600 nm"
    assert not menu.use_again.isEnabled()
    menu.leave_out.trigger()
    assert numbers(explorer) == [0, 1, 5, 6, 7]
    assert menu.text() == "5 of 9 features"
    brush(menu, 4, 8)
    menu.use_again.trigger()
    assert numbers(explorer) == [0, 1, 4, 5, 6, 7, 8]


def test_feature_that_is_kept_is_meant_without_a_selection(menu, explorer):
    explorer.state.feature = 3
    assert menu.leave_out.text() == "Leave out 550 nm"
    menu.leave_out.trigger()
    assert numbers(explorer) == [0, 1, 2, 4, 5, 6, 7]
    assert explorer.session.shown.request.features == range(3, 4)  # its image may still be seen


def test_last_feature_is_not_left_out(menu, explorer, monkeypatch):
    told = []
    monkeypatch.setattr(feature_use_menu, "show_warning", told.append)
    brush(menu, 0, 8)
    menu.leave_out.trigger()
    assert told == ["At least one feature must stay in use: nothing is changed."]
    assert numbers(explorer) == list(range(8))


def test_changes_are_taken_back_from_the_menu_and_by_key(menu, explorer, qtbot):
    assert not menu.undo.isEnabled()
    for first in (2, 5):
        brush(menu, first, first)
        menu.leave_out.trigger()
    menu.undo.trigger()
    assert numbers(explorer) == [0, 1, 3, 4, 5, 6, 7]
    qtbot.keyClick(menu._chart.plot, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert numbers(explorer) == list(range(8))
    assert not menu.undo.isEnabled()


def test_dialog_chooses_for_the_whole_stack_or_leaves_it_to_the_file(menu, explorer):
    layer, stack = explorer.session.layer, explorer.stack
    menu.choose.trigger()
    menu.dialog.text.setPlainText("400–500 nm")
    menu.dialog.accept()
    assert numbers(explorer) == [3, 4, 5, 6, 7, 8]
    menu.open_dialog()
    menu.dialog.reset.click()
    menu.dialog.accept()
    assert numbers(explorer) == list(range(8))
    assert not explorer.feature_use.is_chosen(layer, stack)


def test_charts_own_menu_has_the_same_actions(menu):
    offered = menu._chart._menu.actions()
    assert offered[:4] == [menu.leave_out, menu.use_again, menu.choose, menu.undo]
    assert all(action.toolTip() for action in menu.menu().actions())
    assert menu.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_nothing_is_offered_without_a_stack(menu, explorer):
    explorer.state.layer = None
    assert menu.isHidden()
    assert not menu.choose.isEnabled()
    menu.open_dialog()
    assert menu.dialog is None
    menu.take_back()


def test_stopped_menu_follows_nothing(menu, explorer):
    menu.stop()
    explorer.feature_use.choose(explorer.session.layer, UsedFeatures((True,) + (False,) * 8))
    assert menu.text() == "8 of 9 features"
