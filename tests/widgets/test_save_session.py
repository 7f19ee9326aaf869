from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QMessageBox, QPushButton

from napari_ifealid import read_stack, write_stack
from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.session_capture import captured_session
from napari_ifealid.layers import layer_data
from napari_ifealid.session_files import read_session_file
from napari_ifealid.widgets import save_session
from napari_ifealid.widgets.save_folder import SaveFolder
from napari_ifealid.widgets.save_session import SaveSession


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def opened(viewer, tmp_path, stack):
    """An explorer of a stack that was opened from a file."""
    write_stack(tmp_path / "a.zip", stack)
    for data in layer_data(read_stack(tmp_path / "a.zip")):
        viewer.add_layer(Layer.create(*data))
    return Explorer(viewer)


@pytest.fixture
def widget(opened, viewer, qtbot) -> SaveSession:
    widget = SaveSession(opened, viewer)
    qtbot.addWidget(widget)
    return widget


@pytest.fixture
def choose(monkeypatch, tmp_path):
    """Answers the file dialog; returns what it proposed."""
    monkeypatch.setattr(save_session, "SAVE_FOLDER", SaveFolder())
    proposals = []

    def chosen(parent, title, proposal, kinds):
        proposals.append(proposal)
        return str(tmp_path / "mine.ifealid.json"), kinds

    monkeypatch.setattr(QFileDialog, "getSaveFileName", chosen)
    return proposals


def test_session_is_saved_where_the_user_says(widget, opened, viewer, choose, tmp_path):
    widget.save_button.click()
    assert choose == [str(tmp_path / "a.ifealid.json")]
    assert read_session_file(tmp_path / "mine.ifealid.json") == captured_session(opened, viewer)


def test_layers_without_a_file_are_named_before_anything_is_saved(widget, viewer, choose, tmp_path):
    viewer.add_image(np.ones((3, 4, 5)), name="cells in memory")
    widget.save_button.click()
    (box,) = widget.findChildren(QMessageBox)
    assert "cells in memory" in box.informativeText()
    assert choose == []
    (save,) = (one for one in box.findChildren(QPushButton) if one.text().startswith("Save"))
    save.click()
    assert len(read_session_file(tmp_path / "mine.ifealid.json").stacks) == 1


def test_layers_without_a_file_are_named_as_they_are(widget, viewer, choose):
    viewer.add_image(np.ones((3, 4, 5)), name="<b>cells</b>\n\x1b")
    widget.save_button.click()
    (box,) = widget.findChildren(QMessageBox)
    text = box.informativeText()
    assert r"<b>cells</b>\n\x1b" in text.replace("\u2060", "")
    assert not Qt.mightBeRichText(text)


def test_nothing_is_saved_if_the_user_would_rather_not(widget, viewer, choose):
    viewer.add_image(np.ones((3, 4, 5)), name="cells in memory")
    widget.save_button.click()
    (box,) = widget.findChildren(QMessageBox)
    (cancel,) = (one for one in box.findChildren(QPushButton) if one.text() == "Cancel")
    cancel.click()
    assert choose == []


def test_stack_in_memory_can_not_be_saved_and_the_user_is_told(
    widget, opened, viewer, choose, monkeypatch
):
    errors = []
    monkeypatch.setattr(save_session, "show_error", errors.append)
    opened.state.layer = viewer.add_image(np.ones((3, 4, 5)), name="cells in memory")
    opened.state.feature_axis = 0
    widget.save_button.click()
    assert errors
    assert errors[0].startswith("a layer that came from no file: cells in memory")
    assert choose == []


def test_nothing_is_saved_without_a_stack(viewer, qtbot):
    widget = SaveSession(Explorer(viewer), viewer)
    qtbot.addWidget(widget)
    assert not widget.save_button.isEnabled()


def test_stopped_widget_no_longer_follows(widget, opened):
    widget.stop()
    opened.state.layer = None
    assert widget.save_button.isEnabled()
