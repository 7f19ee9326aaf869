from __future__ import annotations

from pathlib import Path

import pytest
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_ifealid.errors import DatasetError
from napari_ifealid.widgets import save_file as module
from napari_ifealid.widgets.save_file import save_file

KINDS = "NumPy (*.npy);;TIFF (*.tif)"


@pytest.fixture
def errors(monkeypatch) -> list[str]:
    errors: list[str] = []
    monkeypatch.setattr(module, "show_error", errors.append)
    return errors


@pytest.fixture
def save(qtbot, monkeypatch, errors):
    """Chooses a name in the dialog; returns the calls that write."""
    parent = QWidget()
    qtbot.addWidget(parent)

    def save(chosen: str, kind: str = "", error: Exception | None = None):
        calls: list[tuple[Path, bool]] = []

        def write(path: Path, *, force: bool) -> None:
            calls.append((path, force))
            if error is not None:
                raise error

        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (chosen, kind))
        return save_file(parent, "Save", Path("map.npy"), KINDS, write), calls

    return save


def test_chosen_file_may_be_replaced_since_the_dialog_has_asked(save):
    assert save("/a/map.npy") == (Path("/a/map.npy"), [(Path("/a/map.npy"), True)])


@pytest.mark.parametrize(("kind", "suffix"), [("NumPy (*.npy)", ".npy"), ("TIFF (*.tif)", ".tif")])
def test_name_without_a_suffix_gets_that_of_its_kind_and_replaces_nothing(save, kind, suffix):
    path = Path(f"/a/map{suffix}")
    assert save("/a/map", kind) == (path, [(path, False)])


def test_nothing_is_written_where_the_dialog_is_cancelled(save):
    assert save("") == (None, [])


@pytest.mark.parametrize(
    "error", [DatasetError("full", expected="room", remedy="Delete."), ValueError("no")]
)
def test_reason_is_told_where_it_cannot_be_written(save, errors, error):
    save("/a/map.npy", error=error)
    assert errors == [str(error)]
