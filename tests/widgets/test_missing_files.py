from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QMessageBox

from napari_ifealid.session_files import SavedSession, SavedStack, missing_stacks
from napari_ifealid.stack import StackSource
from napari_ifealid.widgets.missing_files import ask_for_missing


@pytest.fixture
def session(tmp_path) -> SavedSession:
    """Three stacks, of which the second is explored; only the third is there."""
    np.save(tmp_path / "c.npy", np.ones((3, 4, 5)))
    sources = [StackSource(str(tmp_path / f"{name}.npy")) for name in "abc"]
    return SavedSession(stacks=tuple(SavedStack(one, (3, 4, 5)) for one in sources), explored=1)


@pytest.fixture
def answer(monkeypatch, qapp):
    """Answers the questions in order; returns their texts."""
    asked: list[str] = []

    def answer(*names: str) -> list[str]:
        answers = iter(names)

        def press(box: QMessageBox) -> None:
            asked.append(box.text())
            name = next(answers)
            (button,) = (one for one in box.buttons() if one.text() == name)
            monkeypatch.setattr(box, "clickedButton", lambda: button)

        monkeypatch.setattr(QMessageBox, "exec", press)
        return asked

    return answer


@pytest.fixture
def find(monkeypatch):
    """Answers the file dialogs in order."""

    def find(*paths) -> None:
        found = iter(paths)
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(next(found) or ""), ""))

    return find


def test_nothing_is_asked_where_nothing_is_missing(session, answer, tmp_path):
    for name in "ab":
        np.save(tmp_path / f"{name}.npy", np.ones((3, 4, 5)))
    asked = answer()
    assert ask_for_missing(session, None) == session
    assert asked == []


def test_name_of_a_missing_file_is_no_html_and_one_line(answer, tmp_path):
    source = StackSource(str(tmp_path / "<b>bold\n\x1b.npy"))
    asked = answer("Cancel")
    assert ask_for_missing(SavedSession(stacks=(SavedStack(source, (3, 4, 5)),)), None) is None
    (text,) = asked
    assert text.replace("\u2060", "").endswith(r": <b>bold\n\x1b.npy")
    assert not Qt.mightBeRichText(text)


def test_each_missing_file_is_asked_for_by_name(session, answer, find, tmp_path):
    for name in ("x.npy", "y.npy"):
        np.save(tmp_path / name, np.ones((3, 4, 5)))
    asked = answer("Find…", "Find…")
    find(tmp_path / "x.npy", tmp_path / "y.npy")
    found = ask_for_missing(session, None)
    assert [text.rpartition(": ")[2] for text in asked] == ["a.npy", "b.npy"]
    assert missing_stacks(found) == []
    assert [stack.source.location[-5:] for stack in found.stacks] == ["x.npy", "y.npy", "c.npy"]


def test_file_beside_the_one_found_is_found_along_with_it(session, answer, find, tmp_path):
    (tmp_path / "moved").mkdir()
    for name in "ab":
        np.save(tmp_path / "moved" / f"{name}.npy", np.ones((3, 4, 5)))
    asked = answer("Find…")
    find(tmp_path / "moved" / "a.npy")
    assert missing_stacks(ask_for_missing(session, None)) == []
    assert len(asked) == 1


def test_file_that_was_not_chosen_is_asked_for_again(session, answer, find):
    asked = answer("Find…", "Cancel")
    find(None)
    assert ask_for_missing(session, None) is None
    assert asked[0] == asked[1]


def test_skipped_stack_is_left_out_and_the_explored_one_can_not_be(session, answer, tmp_path):
    np.save(tmp_path / "b.npy", np.ones((3, 4, 5)))
    answer("Skip")
    found = ask_for_missing(session, None)
    assert [stack.source.location[-5:] for stack in found.stacks] == ["b.npy", "c.npy"]
    assert found.explored == 0
    (tmp_path / "b.npy").unlink()
    answer("Skip", "Skip")
    with pytest.raises(ValueError, match="not enough values"):  # there is no such button
        ask_for_missing(session, None)


def test_cancelled_session_is_none(session, answer):
    answer("Cancel")
    assert ask_for_missing(session, None) is None
