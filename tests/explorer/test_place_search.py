from __future__ import annotations

import numpy as np
import pytest

from explorer_actions import hover
from napari_ifealid.explorer import Explorer, ReferenceMode, place_search
from napari_ifealid.explorer.place_search import PlaceSearch
from napari_ifealid.explorer.schedulers import ImmediateScheduler
from napari_ifealid.explorer.viewer_parts import camera
from napari_ifealid.libraries import Library, LibraryEntry
from napari_ifealid.measures import COSINE, spectral_angle_similarity
from napari_ifealid.results.best_places import best_places
from napari_ifealid.stack import FeatureStack
from patient_scheduler import PatientScheduler


class Searched:
    """A cat that is explored, a dog with the same features and a bird with others."""

    def __init__(self, viewer, add_stack, make_stack, scheduler=None) -> None:
        stacks = (
            make_stack("cat", shape=(12, 10, 9)),
            make_stack("dog", shape=(8, 14, 9), image=(16, 28)),
            make_stack("bird", shape=(6, 5, 7)),
        )
        self.viewer = viewer
        self.stacks = {stack.name: stack for stack in stacks}
        self.layers = {stack.name: add_stack(viewer, stack) for stack in stacks}
        self.explorer = Explorer(viewer)
        self.explorer.state.layer = self.layers["cat"]
        for name in ("dog", "bird"):
            self.explorer.link(self.layers[name], 0)
        self.search = PlaceSearch(viewer, self.explorer, scheduler or ImmediateScheduler())

    def hover(self, name, *pixel) -> None:
        hover(self.viewer, self.layers[name], 0, *pixel)

    def expected(self, name, vector, count, distance):
        stack = self.stacks[name]
        values = spectral_angle_similarity(stack.real_values(stack.values), vector)
        spacing = np.array(stack.overlay.shape[:2]) / stack.spatial_shape
        return best_places(values.astype(np.float32), count, distance, spacing=spacing)


@pytest.fixture
def searched(viewer, add_stack, make_stack) -> Searched:
    return Searched(viewer, add_stack, make_stack)


def test_best_places_of_all_comparable_stacks_are_found_the_best_first(searched):
    searched.hover("cat", 3, 7)
    searched.search.search(8, 4.0)
    found = searched.search.found
    vector = searched.stacks["cat"].vector((3, 7))
    expected = [
        (round(place.value, 3), name, place.pixel)
        for name in ("cat", "dog")
        for place in searched.expected(name, vector, 8, 4.0)
    ]
    names = {id(layer): name for name, layer in searched.layers.items()}
    assert [(round(one.value, 3), names[id(one.layer)], one.pixel) for one in found] == sorted(
        expected, key=lambda one: -one[0]
    )[:8]
    assert found[0].pixel == (3, 7)
    assert found[0].value == pytest.approx(1.0)
    for one in found:
        (session,) = (s for s in searched.explorer.sessions if s.layer is one.layer)
        assert session.grid.pixel_at(one.place) == one.pixel


def test_hidden_map_that_is_searched_stays_hidden_and_the_map_is_selected(searched):
    selected = set(searched.viewer.layers.selection)
    searched.search.search(8, 4.0)
    (dog,) = (s for s in searched.explorer.sessions if s.layer is searched.layers["dog"])
    assert dog.map_layer is not None
    assert not dog.map_layer.visible
    assert set(searched.viewer.layers.selection) == selected


@pytest.mark.parametrize("change", ["hover", "measure", "pins", "feature", "unlink", "remove"])
def test_nothing_is_found_any_more_once_something_else_is_asked(searched, change):
    searched.search.search(8, 4.0)
    assert searched.search.found
    changes = []
    searched.search.changed.connect(lambda: changes.append(searched.search.found))
    explorer = searched.explorer
    if change == "hover":
        searched.hover("cat", 1, 1)
    elif change == "measure":
        explorer.state.measure = COSINE
    elif change == "pins":
        explorer.toggle_pin_at((1, 1))
        explorer.state.reference = ReferenceMode.MEAN
    elif change == "feature":
        explorer.state.feature = 2
    elif change == "unlink":
        explorer.unlink(searched.layers["dog"])
    else:
        searched.viewer.layers.remove(searched.layers["cat"])
    assert searched.search.found == ()
    assert changes[-1] == ()


def test_nothing_is_found_any_more_in_a_stack_that_is_moved(searched):
    explorer = searched.explorer
    explorer.library.open(Library((LibraryEntry(searched.stacks["cat"].vector((1, 1)), "one"),)))
    explorer.library.tick(0, True)  # the same reference wherever the stack is
    searched.search.search(8, 4.0)
    assert searched.search.found
    changes = []
    searched.search.changed.connect(lambda: changes.append(searched.search.found))
    searched.layers["dog"].translate = (0, 50, 60)
    assert searched.search.found == ()
    assert changes == [()]
    searched.search.search(8, 4.0)
    for one in searched.search.found:
        (session,) = (s for s in explorer.sessions if s.layer is one.layer)
        assert session.grid.pixel_at(one.place) == one.pixel


def test_what_is_found_stays_while_the_mouse_is_on_the_same_pixel(searched):
    searched.hover("cat", 3, 7)
    searched.search.search(8, 4.0)
    found = searched.search.found
    searched.hover("cat", 3.2, 7.1)
    assert searched.search.found == found


def test_places_of_a_reference_that_was_left_meanwhile_are_not_found(viewer, add_stack, make_stack):
    scheduler = PatientScheduler()
    searched = Searched(viewer, add_stack, make_stack, scheduler)
    searched.hover("cat", 3, 7)
    searched.search.search(8, 4.0)
    searched.hover("cat", 1, 1)
    scheduler.run()
    assert searched.search.found == ()


def test_search_goes_on_until_the_places_are_found(viewer, add_stack, make_stack):
    scheduler = PatientScheduler()
    searched = Searched(viewer, add_stack, make_stack, scheduler)
    searched.hover("cat", 3, 7)
    assert not searched.search.is_searching
    searched.search.search(8, 4.0)
    assert searched.search.is_searching
    assert searched.search.found == ()
    scheduler.run()
    assert not searched.search.is_searching
    assert searched.search.found


def test_search_that_fails_is_told_and_ends(viewer, add_stack, make_stack, monkeypatch):
    told: list[str] = []
    monkeypatch.setattr(place_search, "show_error", told.append)
    monkeypatch.setattr(place_search, "best_places", _fail)
    searched = Searched(viewer, add_stack, make_stack)
    searched.hover("cat", 3, 7)
    searched.search.search(8, 4.0)
    assert told == ["no memory"]
    assert not searched.search.is_searching
    assert searched.search.found == ()


def _fail(*_, **__):
    raise MemoryError("no memory")


def test_going_to_a_place_shows_it_in_the_middle_and_holds_the_reference(searched):
    searched.hover("cat", 3, 7)
    searched.search.search(20, 4.0)
    found = searched.search.found
    target = next(one for one in found if one.layer is searched.layers["dog"])
    searched.search.go_to(target)
    explorer = searched.explorer
    assert explorer.state.layer is searched.layers["dog"]
    assert not explorer.state.follow
    assert explorer.asking.layer is searched.layers["cat"]
    assert explorer.pixel == (3, 7)
    assert explorer.map_layer.data[target.pixel] == pytest.approx(target.value)
    np.testing.assert_allclose(camera(searched.viewer).center[1:], target.place)
    assert searched.search.found == found
    back = next(one for one in found if one.layer is searched.layers["cat"])
    searched.search.go_to(back)
    assert explorer.state.layer is searched.layers["cat"]
    assert searched.search.found == found


def test_closed_search_finds_nothing_any_more(searched):
    searched.search.search(8, 4.0)
    searched.search.close()
    assert searched.search.found == ()


def test_reference_without_data_has_no_places(viewer, add_stack):
    values = np.random.default_rng(0).random((6, 5, 9))
    values[1, 2] = np.nan
    layer = add_stack(viewer, FeatureStack(values=values, name="gap"))
    explorer = Explorer(viewer)
    search = PlaceSearch(viewer, explorer, ImmediateScheduler())
    hover(viewer, layer, 0, 1, 2)
    search.search(8, 2.0)
    assert not search.is_searching
    assert search.found == ()
