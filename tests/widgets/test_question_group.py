from __future__ import annotations

import pytest

from napari_ifealid.explorer import ReferenceMode
from napari_ifealid.widgets.question_group import QuestionGroup
from napari_ifealid.widgets.status_texts import StatusTexts


@pytest.fixture
def group(explorer, qtbot) -> QuestionGroup:
    group = QuestionGroup(explorer, StatusTexts(explorer, None))
    qtbot.addWidget(group)
    return group


@pytest.mark.parametrize("mode", list(ReferenceMode))
def test_kind_of_reference_and_state_follow_each_other(group, explorer, mode):
    group.reference.value = mode
    assert explorer.state.reference is mode
    explorer.state.reference = ReferenceMode.CURSOR
    assert group.reference.value is ReferenceMode.CURSOR


def test_hold_and_state_follow_each_other(group, explorer):
    group.follow.value = False
    assert not explorer.state.follow
    explorer.state.follow = True
    assert group.follow.value


def test_window_and_state_follow_each_other(group, explorer):
    group.window_size.value = 5
    assert explorer.state.window == 5
    explorer.state.window = 3
    assert group.window_size.value == 3
