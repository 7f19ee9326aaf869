from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_ifealid.explorer import ColourRange, Explorer
from napari_ifealid.picture import PictureKind
from napari_ifealid.stack import FeatureStack
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


def test_pictures_that_are_possible_can_be_chosen(qtbot, qapp, add_stack):
    viewer = ViewerModel()
    values = np.random.default_rng(0).random((6, 5, 9))
    labels = [f"{440 + 30 * number} nm" for number in range(9)]
    cube = add_stack(viewer, FeatureStack(values=values, name="cube", feature_labels=labels))
    explorer = Explorer(viewer)
    group = LookGroup(explorer, StatusTexts(explorer, None))
    qtbot.addWidget(group)
    kinds = [PictureKind.TRUE_COLOUR, PictureKind.MEAN, PictureKind.NONE]
    assert list(group.picture.choices) == kinds
    assert group.overlay_in_colour.enabled
    assert not explorer.state.overlay_in_colour
    group.picture.value = PictureKind.MEAN
    assert not explorer.state.overlay_in_colour
    group.picture.value = PictureKind.TRUE_COLOUR
    assert explorer.state.overlay_in_colour  # that is what the user asks for
    explorer.state.overlay_in_colour = False
    group.picture.native.activated.emit(group.picture.native.currentIndex())
    assert explorer.state.overlay_in_colour  # also of what is chosen already
    group.picture.value = PictureKind.NONE
    assert explorer.pictures.kind_of(explorer.session) is PictureKind.NONE
    assert not group.overlay_in_colour.enabled
    explorer.pictures.choose(cube, PictureKind.MEAN)
    assert group.picture.value is PictureKind.MEAN


def test_original_image_leaves_no_choice(group):
    assert not group.picture.enabled
    assert group.overlay_in_colour.enabled
