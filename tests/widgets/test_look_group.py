from __future__ import annotations

import pytest

from napari_ifealid.explorer import ColourRange
from napari_ifealid.widgets.look_group import LookGroup
from napari_ifealid.widgets.status_texts import StatusTexts


@pytest.fixture
def group(explorer, qtbot) -> LookGroup:
    group = LookGroup(explorer, StatusTexts(explorer, None))
    qtbot.addWidget(group)
    return group


def test_limits_set_in_naparis_controls_are_shown_as_the_user_s(group, explorer):
    explorer.map_layer.contrast_limits = (0.2, 0.8)
    assert group.colour_range.value is ColourRange.MINE
    group.colour_range.value = ColourRange.ALL
    assert explorer.map_layer.contrast_limits == [0.0, 1.0]
    group.colour_range.value = ColourRange.MINE
    assert explorer.map_layer.contrast_limits == [0.2, 0.8]


def test_single_feature_and_state_follow_each_other(group, explorer):
    group.shows_feature.value = True
    group.feature.value = 5
    assert explorer.state.feature == 5
    explorer.state.feature = None
    assert not group.shows_feature.value


def test_stopped_group_follows_nothing(group, explorer):
    group.stop()
    explorer.state.feature = 3
    assert not group.shows_feature.value
