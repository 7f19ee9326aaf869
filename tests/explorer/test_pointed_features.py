from __future__ import annotations

import pytest

from napari_ifealid.explorer import ExplorerState
from napari_ifealid.explorer.pointed_features import PointedFeatures


@pytest.fixture
def state() -> ExplorerState:
    return ExplorerState()


@pytest.fixture
def pointed(state) -> PointedFeatures:
    return PointedFeatures(state)


def test_similarity_is_shown_unless_a_feature_is(pointed, state):
    assert pointed.shown is None
    state.feature = 3
    assert pointed.shown == range(3, 4)


def test_hovered_feature_goes_before_selected_ones_and_those_before_the_kept_one(pointed, state):
    state.feature = 3
    pointed.select(range(2, 5))
    assert pointed.shown == range(2, 5)
    pointed.hover(7)
    assert pointed.shown == range(7, 8)
    pointed.hover(None)
    pointed.select(None)
    assert pointed.shown == range(3, 4)


def test_pointing_at_the_same_again_is_no_change(pointed):
    assert [pointed.hover(feature) for feature in (1, 1, None, None)] == [True, False, True, False]
    assert [pointed.select(one) for one in (range(2), range(2), None)] == [True, False, True]


def test_what_is_kept_is_not_forgotten(pointed, state):
    state.feature = 3
    pointed.hover(1)
    pointed.select(range(2))
    pointed.forget()
    assert pointed.shown == range(3, 4)
