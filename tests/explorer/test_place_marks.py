from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer_actions import hover
from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.place_marks import PlaceMarks
from napari_ifealid.explorer.place_search import PlaceSearch
from napari_ifealid.explorer.schedulers import ImmediateScheduler


@pytest.fixture
def parts(viewer, features):
    explorer = Explorer(viewer)
    search = PlaceSearch(viewer, explorer, ImmediateScheduler())
    return explorer, search, PlaceMarks(viewer, explorer, search)


def test_what_is_found_is_marked_with_its_values(viewer, parts):
    _, search, marks = parts
    selected = set(viewer.layers.selection)
    search.search(3, 5.0)
    assert list(marks.layer.features["similarity"]) == [one.value for one in search.found]
    np.testing.assert_allclose(marks.layer.data, [one.place for one in search.found])
    assert set(viewer.layers.selection) == selected


def test_marks_go_when_the_reference_is_another_one(viewer, parts, features):
    _, search, marks = parts
    search.search(3, 5.0)
    layer = marks.layer
    hover(viewer, features, 0, 1, 1)
    assert marks.layer is None
    assert layer not in viewer.layers


def test_only_places_of_the_stack_that_is_shown_are_marked(
    viewer, parts, add_stack, make_stack, stack
):
    explorer, search, marks = parts
    other = add_stack(viewer, replace(make_stack("other"), overlay=stack.overlay))
    explorer.link(other, 0)
    search.search(6, 5.0)
    explorer.look_at(other)
    assert len(marks.layer.data) == len(search.places_in(other)) > 0


def test_marks_go_with_the_dock_and_may_be_removed_by_the_user(viewer, parts):
    _, search, marks = parts
    search.search(3, 5.0)
    viewer.layers.remove(marks.layer)
    assert marks.layer is None
    search.search(3, 5.0)
    layer = marks.layer
    marks.close()
    assert layer not in viewer.layers
