from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtWidgets import QDialogButtonBox, QFileDialog

from napari_ifealid import read_stack
from napari_ifealid.stack import FeatureStack
from napari_ifealid.widgets import save_dialog
from napari_ifealid.widgets.save_dialog import SaveDialog
from napari_ifealid.widgets.save_folder import SaveFolder

MODULE = "napari_ifealid.widgets.save_dialog"


@pytest.fixture
def open_dialog(qtbot, tmp_path):
    """Shows the dialog and, as it deletes itself, tells whether it still is open."""

    def open_(stack: FeatureStack) -> SaveDialog:
        dialog = SaveDialog(stack, tmp_path)
        dialog.open()
        return dialog

    return open_


@pytest.fixture
def choose(monkeypatch):
    """Answers the question for a file; what was suggested is kept."""
    suggested = []

    def choose_(path: Path | str) -> list[str]:
        def answer(parent, caption, directory, file_filter):
            suggested.append(directory)
            return str(path), file_filter

        monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
        return suggested

    return choose_


@pytest.fixture
def told():
    """What napari has told the user."""
    before = len(notification_manager.records)
    return lambda: [record.message for record in notification_manager.records[before:]]


def test_saves_what_the_defaults_say(qtbot, open_dialog, choose, told, stack, tmp_path):
    dialog = open_dialog(stack)
    suggested = choose(tmp_path / "a.zip")
    with qtbot.waitSignal(dialog.finished, timeout=20_000):
        dialog.save_button.click()
    saved = read_stack(tmp_path / "a.zip")
    np.testing.assert_array_equal(saved.real_values(saved.values), stack.values)
    assert (saved.name, saved.precision) == ("small", 8)
    assert saved.overlay.shape == stack.overlay.shape
    assert suggested == [str(tmp_path / "small.8.zip")]
    assert told()[-1].startswith("Saved a.zip (")
    assert told()[-1].endswith(f") in {tmp_path}")


def test_saves_what_was_chosen(qtbot, open_dialog, choose, tmp_path):
    values = np.array([[[1.0, np.nan], [0.5, 2.0]]], np.float32)
    dialog = open_dialog(FeatureStack(values=values, name="cube"))
    dialog.name.value = "another: name"
    dialog.precision.value = 16
    dialog.pad_for_web.value = False
    dialog.replaces.value = True
    dialog.replacement.value = 0.25
    suggested = choose(tmp_path / "a.zip")
    with qtbot.waitSignal(dialog.finished, timeout=20_000):
        dialog.save_button.click()
    saved = read_stack(tmp_path / "a.zip")
    assert (saved.name, saved.precision, saved.overlay) == ("another: name", 16, None)
    assert suggested == [str(tmp_path / "another_ name.16.zip")]
    np.testing.assert_allclose(
        saved.real_values(saved.values), [[[1.0, 0.25], [0.5, 2.0]]], atol=2e-5
    )


def test_next_file_is_offered_the_same_folder_and_one_ending(
    qtbot, open_dialog, choose, tmp_path, monkeypatch
):
    monkeypatch.setattr(f"{MODULE}.SAVE_FOLDER", SaveFolder())
    (tmp_path / "folder").mkdir()
    dialog = open_dialog(FeatureStack(values=np.ones((2, 2, 2), np.uint8), name="cat.npy.8.zip"))
    suggested = choose(tmp_path / "folder" / "a.zip")
    with qtbot.waitSignal(dialog.finished, timeout=20_000):
        dialog.save_button.click()
    assert suggested == [str(tmp_path / "cat.npy.8.zip")]
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["a.zip"]
    assert save_dialog.SAVE_FOLDER.starting_at(None) == tmp_path / "folder"


def test_overlay_can_be_left_out(qtbot, open_dialog, choose, stack, tmp_path):
    dialog = open_dialog(stack)
    dialog.overlay.value = False
    choose(tmp_path / "a.zip")
    with qtbot.waitSignal(dialog.finished, timeout=20_000):
        dialog.save_button.click()
    assert read_stack(tmp_path / "a.zip").overlay is None


def test_controls_that_do_nothing_are_disabled_or_hidden(open_dialog, stack):
    dialog = open_dialog(stack)
    assert not dialog.pad_for_web.enabled
    dialog.precision.value = 32
    assert dialog.pad_for_web.enabled
    assert not dialog.replaces.native.isVisible()
    dialog.close()
    dialog = open_dialog(FeatureStack(values=np.ones((2, 2, 2)), name="floats"))
    assert dialog.replaces.native.isVisible()
    assert not dialog.replacement.enabled
    assert not dialog.overlay.enabled
    dialog.close()


def test_no_file_chosen_leaves_the_dialog_open(open_dialog, choose, stack, tmp_path):
    dialog = open_dialog(stack)
    choose("")
    dialog.save_button.click()
    assert dialog.isVisible()
    assert list(tmp_path.iterdir()) == []
    dialog.close()


def test_name_without_an_ending_gets_it_and_replaces_nothing(
    qtbot, open_dialog, choose, told, stack, tmp_path
):
    (tmp_path / "a.zip").write_bytes(b"old")
    dialog = open_dialog(stack)
    choose(tmp_path / "a")
    dialog.save_button.click()
    qtbot.waitUntil(lambda: any(text.startswith("a file of this name: a.zip") for text in told()))
    assert (tmp_path / "a.zip").read_bytes() == b"old"
    dialog.close()


def test_error_is_told_and_leaves_the_dialog_to_mend_it(qtbot, open_dialog, choose, told, tmp_path):
    values = np.array([[[1.0, np.nan], [0.5, 2.0]]], np.float32)
    dialog = open_dialog(FeatureStack(values=values, name="cube"))
    choose(tmp_path / "a.zip")
    dialog.save_button.click()
    qtbot.waitUntil(lambda: any("1 NaN and 0 infinities" in text for text in told()))
    assert dialog.isVisible()
    assert list(tmp_path.iterdir()) == []
    dialog.replaces.value = True
    with qtbot.waitSignal(dialog.finished, timeout=20_000):
        dialog.save_button.click()
    assert read_stack(tmp_path / "a.zip").feature_count == 2


def test_cancel_stops_the_writing_and_keeps_the_old_file(
    qtbot, open_dialog, choose, tmp_path, monkeypatch
):
    path = tmp_path / "a.zip"
    path.write_bytes(b"old")
    has_begun, goes_on = threading.Event(), threading.Event()

    def slow(path, stack, *, track, **options):
        """Writes as ever, but waits after the first step."""
        from napari_ifealid.formats import write_stack

        def tracked(iterable, /, *, total, desc):
            for item in track(iterable, total=total, desc=desc):
                has_begun.set()
                goes_on.wait(20)
                yield item

        write_stack(path, stack, track=tracked, **options)

    monkeypatch.setattr("napari_ifealid.widgets.save_dialog.write_stack", slow)
    values = np.random.default_rng(0).integers(0, 255, (300, 300, 64), np.uint8)
    dialog = open_dialog(FeatureStack(values=values, name="cube"))
    choose(path)
    dialog.save_button.click()
    qtbot.waitUntil(has_begun.is_set)
    qtbot.waitUntil(lambda: dialog.bar.text.text() == "Measuring cube…")
    assert not dialog.save_button.isEnabled()
    cancel = dialog.buttons.button(QDialogButtonBox.StandardButton.Cancel)
    cancel.click()
    qtbot.waitUntil(lambda: dialog.bar.text.text() == "Cancelling…")
    assert dialog.isVisible()
    with qtbot.waitSignal(dialog.finished, timeout=20_000):
        goes_on.set()
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zip"]
