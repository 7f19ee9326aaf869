from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer_actions import hover
from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.place_marks import PlaceMarks
from napari_ifealid.explorer.place_search import PlaceSearch
from napari_ifealid.explorer.schedulers import ImmediateScheduler
from patient_scheduler import PatientScheduler


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


def test_star_is_bright_with_a_dark_border(make_napari_viewer, add_stack, make_stack):
    viewer = make_napari_viewer(show=True)
    photo = np.full((240, 200, 3), 255, np.uint8)
    add_stack(viewer, replace(make_stack("white"), overlay=photo))
    explorer = Explorer(viewer)
    search = PlaceSearch(viewer, explorer, ImmediateScheduler())
    marks = PlaceMarks(viewer, explorer, search)
    search.search(1, 5.0)
    explorer.map_layer.visible = False
    marks.layer.text.visible = False
    picture = viewer.screenshot(flash=False)[..., :3].astype(int)
    is_yellow = (picture[..., 0] > 200) & (picture[..., 1] > 200) & (picture[..., 2] < 100)
    rows, columns = np.nonzero(is_yellow)
    assert len(rows) > 30
    around = picture[rows.min() - 3 : rows.max() + 4, columns.min() - 3 : columns.max() + 4]
    is_dark = (around < 80).all(axis=-1)
    assert 0 < is_dark.sum() < 2 * len(rows)


def test_marks_go_with_the_dock_and_may_be_removed_by_the_user(viewer, parts):
    _, search, marks = parts
    search.search(3, 5.0)
    viewer.layers.remove(marks.layer)
    assert marks.layer is None
    search.search(3, 5.0)
    layer = marks.layer
    marks.close()
    assert layer not in viewer.layers


def test_marks_that_are_removed_together_with_their_stack_are_there_until_then(viewer, features):
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    scheduler.run()
    search = PlaceSearch(viewer, explorer, ImmediateScheduler())
    marks = PlaceMarks(viewer, explorer, search)
    search.search(3, 5.0)
    scheduler.run()
    layer = marks.layer
    viewer.layers.remove(features)
    assert not layer.visible
    viewer.layers.remove(layer)  # as napari does with all that are selected
    scheduler.run()
    assert layer not in viewer.layers
    assert marks.layer is None


def test_marks_of_another_search_have_the_same_name(viewer, features):
    scheduler = PatientScheduler()
    explorer = Explorer(viewer, scheduler)
    scheduler.run()
    search = PlaceSearch(viewer, explorer, ImmediateScheduler())
    marks = PlaceMarks(viewer, explorer, search)
    for count in (3, 2):
        search.search(count, 5.0)
        scheduler.run()
        assert marks.layer.name == "best places"
    search.search(4, 5.0)
    marks.close()
    scheduler.run()
    assert "best places" not in viewer.layers
