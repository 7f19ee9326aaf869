from __future__ import annotations

import pytest
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_ifealid.widgets.folding_group import FoldingGroup


@pytest.fixture
def make(qtbot):
    def make(title: str) -> FoldingGroup:
        group = FoldingGroup(title, QLabel("content"))
        qtbot.addWidget(group)
        return group

    return make


def shows_content(group: FoldingGroup) -> bool:
    return group.findChild(QLabel).isVisibleTo(group)


def test_title_folds_and_unfolds(make):
    group = make("Look")
    assert not shows_content(group)
    assert group.title_button.text() == "▸ Look"
    group.title_button.click()
    assert shows_content(group)
    assert group.title_button.text() == "▾ Look"
    group.title_button.click()
    assert not shows_content(group)


def test_content_may_grow(qtbot):
    label = QLabel("one line")
    group = FoldingGroup("Question", label)
    qtbot.addWidget(group)
    group.show()
    before = label.height()
    label.setText("several<br>lines<br>of<br>text<br>and<br>more")
    qtbot.waitUntil(lambda: label.height() >= 4 * before)


def test_text_that_wraps_in_a_narrow_dock_is_seen_whole(qtbot):
    text = QLabel("a text of so many words that it takes several lines in a narrow dock")
    text.setWordWrap(True)
    holder = QWidget()
    qtbot.addWidget(holder)
    layout = QVBoxLayout(holder)
    layout.addWidget(FoldingGroup("What", text))
    layout.addStretch()
    holder.resize(160, 600)
    holder.show()
    qtbot.waitUntil(lambda: text.height() >= text.heightForWidth(text.width()))


def test_state_is_that_it_was_left_in(make):
    group = make("Look")
    group.title_button.click()
    again, other = make("Look"), make("Advanced")
    assert shows_content(again)
    assert not shows_content(other)
