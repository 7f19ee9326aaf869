from __future__ import annotations

from pathlib import Path

import pytest
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_ifealid.errors import DatasetError
from napari_ifealid.widgets import save_file as module
from napari_ifealid.widgets.save_file import save_file

KINDS = "NumPy (*.npy);;TIFF (*.tif *.tiff)"


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

    def save(chosen: str, kind: str = "", error: Exception | None = None, kinds: str = KINDS):
        calls: list[tuple[Path, bool]] = []

        def write(path: Path, *, force: bool) -> None:
            calls.append((path, force))
            if error is not None:
                raise error

        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (chosen, kind))
        return save_file(parent, "Save", Path("map.npy"), kinds, write), calls

    return save


def test_chosen_file_may_be_replaced_since_the_dialog_has_asked(save):
    assert save("/a/map.npy") == (Path("/a/map.npy"), [(Path("/a/map.npy"), True)])


@pytest.mark.parametrize("name", ["map", "map v1.2", ".map"])
@pytest.mark.parametrize(
    ("kind", "suffix"), [("NumPy (*.npy)", ".npy"), ("TIFF (*.tif *.tiff)", ".tif")]
)
def test_name_without_a_suffix_gets_that_of_its_kind_and_replaces_nothing(save, name, kind, suffix):
    path = Path(f"/a/{name}{suffix}")
    assert save(f"/a/{name}", kind) == (path, [(path, False)])


@pytest.mark.parametrize("name", ["map.tiff", "map.TIF", "map.npy"])
def test_suffix_of_any_of_the_kinds_is_left_as_it_is(save, name):
    path = Path("/a") / name
    assert save(str(path), "TIFF (*.tif *.tiff)") == (path, [(path, True)])


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("scan", "scan.a.json"),
        ("scan.01", "scan.01.a.json"),
        ("scan.json", "scan.a.json"),
        ("scan.a.json", "scan.a.json"),
    ],
)
def test_name_with_the_end_of_a_suffix_gets_the_whole(save, name, saved):
    kind = "Session (*.a.json)"
    path, _ = save(f"/a/{name}", kind, kinds=kind)
    assert path == Path("/a") / saved


def test_nothing_is_written_where_the_dialog_is_cancelled(save):
    assert save("") == (None, [])


@pytest.mark.parametrize(
    "error", [DatasetError("full", expected="room", remedy="Delete."), ValueError("no")]
)
def test_reason_is_told_where_it_cannot_be_written(save, errors, error):
    save("/a/map.npy", error=error)
    assert errors == [str(error)]
