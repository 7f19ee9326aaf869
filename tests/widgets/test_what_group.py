from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_ifealid.explorer import Explorer
from napari_ifealid.widgets.stack_choice import StackChoice
from napari_ifealid.widgets.status_texts import StatusTexts
from napari_ifealid.widgets.what_group import WhatGroup


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    viewer = ViewerModel()
    for name in ("first", "second", "third"):
        viewer.add_image(np.random.default_rng(0).random((3, 6, 7)), name=name)
    return viewer


@pytest.fixture
def group(viewer, qtbot) -> WhatGroup:
    explorer = Explorer(viewer)
    group = WhatGroup(StackChoice(viewer, explorer.state), StatusTexts(explorer, None))
    group.state = explorer.state
    qtbot.addWidget(group)
    return group


def test_buttons_go_through_all_stacks_and_round(group, viewer):
    group.state.layer = viewer.layers["first"]
    for expected in ("second", "third", "first"):
        group.next.click()
        assert group.state.layer.name == expected
    for expected in ("third", "second", "first"):
        group.previous.click()
        assert group.state.layer.name == expected


def test_without_a_stack_the_buttons_do_nothing(qapp, qtbot):
    viewer = ViewerModel()
    explorer = Explorer(viewer)
    group = WhatGroup(StackChoice(viewer, explorer.state), StatusTexts(explorer, None))
    qtbot.addWidget(group)
    group.next.click()
    group.previous.click()
    assert explorer.state.layer is None
