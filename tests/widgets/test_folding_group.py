from __future__ import annotations

import pytest
from qtpy.QtWidgets import QLabel

from napari_ifealid.widgets.folding_group import FoldingGroup


@pytest.fixture
def make(qtbot):
    def make(title: str) -> FoldingGroup:
        group = FoldingGroup(title, QLabel("content"))
        qtbot.addWidget(group)
        return group

    return make


def test_title_folds_and_unfolds(make):
    group = make("Look")
    assert group.content().isHidden()
    assert group.text() == "▸ Look"
    group.toggleButton().click()
    assert not group.content().isHidden()
    assert group.text() == "▾ Look"
    group.toggleButton().click()
    assert group.content().isHidden()


def test_content_may_grow(qtbot):
    label = QLabel("one line")
    group = FoldingGroup("Question", label)
    qtbot.addWidget(group)
    group.show()
    before = label.height()
    label.setText("several<br>lines<br>of<br>text<br>and<br>more")
    qtbot.waitUntil(lambda: label.height() >= 4 * before)


def test_state_is_that_it_was_left_in(make):
    group = make("Look")
    group.toggleButton().click()
    again, other = make("Look"), make("Advanced")
    assert not again.content().isHidden()
    assert other.content().isHidden()
