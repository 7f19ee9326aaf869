from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtWidgets import QFileDialog

from napari_ifealid.widgets.empty_page import EmptyPage
from napari_ifealid.widgets.extract_features import ExtractFeatures


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def page(viewer, qtbot) -> EmptyPage:
    page = EmptyPage(viewer)
    qtbot.addWidget(page)
    return page


def test_opens_the_file_that_is_chosen(page, viewer, monkeypatch, tmp_path):
    np.save(tmp_path / "cube.npy", np.random.default_rng(0).random((6, 5, 4)))
    chosen = str(tmp_path / "cube.npy"), ""
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: chosen)
    page.open.click()
    assert [layer.name for layer in viewer.layers] == ["cube.npy features"]


def test_file_that_cannot_be_read_is_told_of(page, viewer, monkeypatch, tmp_path):
    (tmp_path / "cube.npy").write_bytes(b"nothing")
    errors: list[str] = []
    monkeypatch.setattr("napari_ifealid.widgets.empty_page.show_error", errors.append)
    chosen = str(tmp_path / "cube.npy"), ""
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: chosen)
    page.open.click()
    assert len(errors) == 1
    assert "cube.npy" in errors[0]
    assert len(viewer.layers) == 0


def test_cancelled_choice_does_nothing(page, viewer, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    page.open.click()
    assert len(viewer.layers) == 0


def test_opens_the_sample(page, viewer):
    page.sample.click()
    assert "Chelsea objects features" in viewer.layers


def test_opens_the_widget_that_extracts_features(page, viewer):
    page.extract.click()
    window = page.window()
    docks = viewer.window.dock_widgets.values()
    assert any(isinstance(dock, ExtractFeatures) for dock in docks), window
