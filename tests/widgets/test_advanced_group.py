from __future__ import annotations

import pytest
from napari.components import ViewerModel
from qtpy.QtWidgets import QMessageBox, QWidget

from napari_ifealid.engines import EngineChoice
from napari_ifealid.explorer import KEYS, Explorer
from napari_ifealid.widgets.advanced_group import AdvancedGroup
from napari_ifealid.widgets.save_dialog import SaveDialog
from napari_ifealid.widgets.status_texts import StatusTexts


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def make(viewer, qtbot):
    def make() -> AdvancedGroup:
        explorer = Explorer(viewer)
        group = AdvancedGroup(explorer, StatusTexts(explorer, None), lambda: None, QWidget())
        group.state = explorer.state
        qtbot.addWidget(group)
        return group

    return make


def test_engine_and_state_follow_each_other(make, viewer, add_stack, stack):
    add_stack(viewer, stack)
    group = make()
    group.engine.value = EngineChoice.CPU
    assert group.state.engine is EngineChoice.CPU
    group.state.engine = EngineChoice.AUTOMATIC
    assert group.engine.value is EngineChoice.AUTOMATIC


def test_nothing_is_saved_without_a_stack(make):
    assert not make().save_button.isEnabled()


def test_saving_asks_how(make, viewer, add_stack, stack):
    add_stack(viewer, stack)
    group = make()
    group.save_button.click()
    (dialog,) = group.findChildren(SaveDialog)
    assert dialog.name.value == "small"
    dialog.close()


def test_help_lists_all_keys(make):
    group = make()
    group.help_button.click()
    (box,) = group.findChildren(QMessageBox)
    assert all(key in box.text() for key in KEYS)
    box.close()
