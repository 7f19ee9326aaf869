from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import dask.array as da
import numpy as np
import pytest

from explorer_actions import CLOSE, expected_map, hover
from napari_ifealid.engines.cpu import CpuEngine
from napari_ifealid.explorer import Explorer, ReferenceMode
from napari_ifealid.measures import SPECTRAL_ANGLE
from napari_ifealid.preprocessing import preprocess, step_named
from napari_ifealid.query import Origin
from napari_ifealid.similarity import similarity_map
from patient_scheduler import PatientScheduler


class Linked:
    """An explorer whose stacks are linked, by their names."""

    def __init__(self, viewer, add_stack, *stacks, scheduler=None) -> None:
        self.viewer = viewer
        self.stacks = {stack.name: stack for stack in stacks}
        self.layers = {stack.name: add_stack(viewer, stack) for stack in stacks}
        self.explorer = Explorer(viewer, scheduler)
        first, *others = self.layers.values()
        self.explorer.state.layer = first
        for layer in others:
            self.explorer.link(layer, 0)

    def session(self, name):
        (found,) = (one for one in self.explorer.sessions if one.layer is self.layers[name])
        return found

    def hover(self, name, *pixel) -> None:
        hover(self.viewer, self.layers[name], 0, *pixel)

    def explore(self, name) -> None:
        self.explorer.state.layer = self.layers[name]

    def expect(self, name, *pixels) -> None:
        """Expect that a map layer shows the best map of some pixels of its stack, and is seen."""
        layer = self.session(name).map_layer
        assert layer.visible
        np.testing.assert_allclose(layer.data, expected_map(self.stacks[name], *pixels), atol=CLOSE)

    def expect_map_of(self, name, vector) -> None:
        """Expect that a map layer shows how similar a stack is to a vector, and is seen."""
        values = self.stacks[name].real_values(self.stacks[name].values)
        layer = self.session(name).map_layer
        assert layer.visible
        np.testing.assert_allclose(
            layer.data, SPECTRAL_ANGLE.definition(values, vector), atol=CLOSE
        )


@pytest.fixture
def of_one_image(viewer, add_stack, make_stack):
    """Three linked stacks of one image, the first of which is explored."""
    fine = make_stack("fine", shape=(24, 20, 4))
    coarse = replace(make_stack("coarse", shape=(6, 5, 9)), overlay=fine.overlay)
    middle = replace(make_stack("middle", shape=(12, 10, 6)), overlay=fine.overlay)
    return Linked(viewer, add_stack, fine, coarse, middle)


@pytest.fixture
def of_two_images(viewer, add_stack, make_stack):
    """Linked stacks of a cat and a dog with the same features, and one with others."""
    cat, dog = make_stack("cat"), make_stack("dog", shape=(4, 7, 9), image=(16, 28))
    return Linked(viewer, add_stack, cat, dog, make_stack("bird", shape=(6, 5, 7)))


@pytest.fixture
def evaluated(monkeypatch) -> list[int]:
    """The numbers of features of the stacks that the engine was asked of."""
    counts: list[int] = []
    parts = CpuEngine.parts

    def counted(self, query, region):
        counts.append(query.vectors.shape[1])
        return parts(self, query, region)

    monkeypatch.setattr(CpuEngine, "parts", counted)
    return counts


def test_all_maps_that_are_shown_follow_the_cursor_by_place(of_one_image):
    of_one_image.explorer.links.shows_all = True
    for pixel in [(1, 2), (17, 19), (9, 3)]:
        of_one_image.hover("fine", *pixel)
        of_one_image.expect("fine", pixel)
        of_one_image.expect("middle", tuple(n // 2 for n in pixel))
        of_one_image.expect("coarse", tuple(n // 4 for n in pixel))


def test_hidden_maps_cost_nothing(of_one_image, evaluated):
    for pixel in [(1, 2), (17, 19), (9, 3)]:
        of_one_image.hover("fine", *pixel)
    assert evaluated == [4, 4, 4]
    assert of_one_image.session("coarse").map_layer is None


def test_map_that_was_shown_once_costs_nothing_when_it_is_hidden(of_one_image, evaluated):
    links = of_one_image.explorer.links
    links.shows_all = True
    links.shows_all = False
    evaluated.clear()
    of_one_image.hover("fine", 9, 3)
    of_one_image.hover("fine", 9, 4)
    assert evaluated == [4, 4]
    for name in ("coarse", "middle"):
        layer = of_one_image.session(name).map_layer
        assert not layer.visible
        assert np.isnan(layer.data).all()  # the map of a place that was left is never seen again


def test_hidden_map_is_made_at_once_when_the_user_shows_it(of_one_image, evaluated):
    links = of_one_image.explorer.links
    links.shows_all = True
    links.shows_all = False
    of_one_image.hover("fine", 9, 3)
    evaluated.clear()
    of_one_image.session("coarse").map_layer.visible = True
    of_one_image.expect("coarse", (2, 0))
    assert evaluated == [9]
    of_one_image.hover("fine", 1, 1)
    assert evaluated == [9, 4, 9]
    of_one_image.session("coarse").map_layer.visible = False
    of_one_image.hover("fine", 2, 2)
    assert evaluated == [9, 4, 9, 4]


def test_exploring_a_linked_stack_keeps_its_session_and_shows_its_map_at_once(of_one_image):
    of_one_image.hover("fine", 9, 3)
    fine, coarse = of_one_image.session("fine"), of_one_image.session("coarse")
    of_one_image.explore("coarse")
    assert of_one_image.explorer.session is coarse
    of_one_image.expect("coarse", (2, 0))
    assert of_one_image.session("fine") is fine
    assert not fine.map_layer.visible
    of_one_image.explore("fine")
    assert of_one_image.explorer.session is fine
    of_one_image.expect("fine", (9, 3))
    assert not coarse.map_layer.visible


def test_exploring_a_linked_stack_tells_what_runs(of_one_image):
    engines, stacks = [], []
    of_one_image.explorer.engine_changed.connect(engines.append)
    of_one_image.explorer.stack_changed.connect(
        lambda: stacks.append(of_one_image.explorer.stack.name)
    )
    of_one_image.explore("coarse")
    assert engines[-1].startswith("CPU")
    assert stacks[-1] == "coarse"


def test_stack_that_is_not_linked_is_closed_when_another_is_explored(
    of_one_image, viewer, add_stack, make_stack
):
    of_one_image.layers["alone"] = add_stack(viewer, make_stack("alone"))
    of_one_image.explore("alone")
    alone = of_one_image.explorer.session
    of_one_image.explore("middle")
    assert alone not in of_one_image.explorer.sessions
    assert alone.map_layer is None
    assert len(of_one_image.explorer.sessions) == 3


def test_unlinked_stack_goes_with_its_map_and_the_explored_one_stays(of_one_image, viewer):
    explorer = of_one_image.explorer
    explorer.links.shows_all = True
    removed = of_one_image.session("coarse").map_layer
    explorer.unlink(of_one_image.layers["coarse"])
    assert removed not in viewer.layers
    explorer.unlink(of_one_image.layers["fine"])
    assert [session.layer.name for session in explorer.sessions] == [
        "fine features",
        "middle features",
    ]
    explorer.unlink(of_one_image.layers["middle"])
    assert explorer.sessions == [explorer.session]
    assert explorer.links.layers == []


def test_another_linked_stack_is_explored_when_the_explored_one_is_removed(of_one_image, viewer):
    of_one_image.hover("fine", 9, 3)
    viewer.layers.remove(of_one_image.layers["fine"])
    assert of_one_image.explorer.state.layer is of_one_image.layers["coarse"]
    of_one_image.expect("coarse", (2, 0))


def test_removing_all_layers_leaves_nothing(of_one_image, viewer):
    viewer.layers.clear()
    assert of_one_image.explorer.sessions == []
    assert list(viewer.layers) == []


def test_linking_a_stack_twice_gives_the_session_that_is_there(of_one_image):
    session = of_one_image.session("coarse")
    assert of_one_image.explorer.link(of_one_image.layers["coarse"], 0) is session
    explored = of_one_image.explorer.session
    assert of_one_image.explorer.link(of_one_image.layers["fine"], 0) is explored


def test_new_data_of_a_linked_layer_are_opened(of_one_image):
    explorer, layer = of_one_image.explorer, of_one_image.layers["coarse"]
    explorer.links.shows_all = True
    layer.data = np.random.default_rng(3).random((3, 6, 5)).astype(np.float32)
    of_one_image.hover("fine", 9, 3)
    values = np.moveaxis(layer.data, 0, -1)
    np.testing.assert_allclose(
        of_one_image.session("coarse").map_layer.data,
        SPECTRAL_ANGLE.definition(values, values[2, 0]),
        atol=CLOSE,
    )


def test_new_data_of_an_explored_layer_that_is_linked_are_opened(of_one_image):
    layer = of_one_image.layers["fine"]
    layer.data = np.random.default_rng(3).random((3, 24, 20)).astype(np.float32)
    of_one_image.hover("fine", 9, 3)
    values = np.moveaxis(layer.data, 0, -1)
    np.testing.assert_allclose(
        of_one_image.explorer.map_layer.data,
        SPECTRAL_ANGLE.definition(values, values[9, 3]),
        atol=CLOSE,
    )
    assert len(of_one_image.explorer.sessions) == 3


def test_pins_are_pixels_of_each_stack_of_the_image(of_one_image):
    explorer = of_one_image.explorer
    explorer.links.shows_all = True
    for pixel in [(2, 2), (21, 10)]:
        explorer.toggle_pin_at(pixel)
    explorer.state.reference = ReferenceMode.BEST
    of_one_image.expect("fine", (2, 2), (21, 10))
    of_one_image.expect("coarse", (0, 0), (5, 2))


def test_other_images_are_asked_for_the_vector_of_the_explored_one(of_two_images):
    of_two_images.explorer.links.shows_all = True
    of_two_images.hover("cat", 5, 1)
    vector = of_two_images.stacks["cat"].vector((5, 1))
    of_two_images.expect("cat", (5, 1))
    of_two_images.expect_map_of("dog", vector)
    (reference,) = of_two_images.session("dog").shown.request.query.references
    assert reference.origin is Origin.STACK


def test_stack_with_other_features_shows_no_map_and_says_why(of_two_images):
    explorer, bird = of_two_images.explorer, of_two_images.session("bird")
    explorer.links.shows_all = True
    of_two_images.hover("cat", 5, 1)
    assert explorer.why_not_comparable(bird) == "other features: 7, expected 9"
    assert explorer.why_not_comparable(of_two_images.session("dog")) == ""
    assert bird.map_layer is None
    assert explorer.is_idle


def test_map_of_a_stack_that_cannot_be_asked_any_more_goes(of_two_images):
    of_two_images.explorer.links.shows_all = True
    of_two_images.explore("bird")
    of_two_images.expect("bird", (3, 2))
    of_two_images.explore("cat")
    assert np.isnan(of_two_images.session("bird").map_layer.data).all()


def test_pins_of_the_explored_stack_are_asked_of_another_image(of_two_images):
    explorer = of_two_images.explorer
    explorer.links.shows_all = True
    explorer.toggle_pin_at((5, 4))
    explorer.state.reference = ReferenceMode.BEST
    of_two_images.expect_map_of("dog", of_two_images.stacks["cat"].vector((5, 4)))


def test_held_reference_is_asked_of_another_image_when_that_is_explored(of_two_images):
    explorer = of_two_images.explorer
    of_two_images.hover("cat", 5, 1)
    vector = of_two_images.stacks["cat"].vector((5, 1))
    explorer.state.follow = False
    of_two_images.explore("dog")
    assert explorer.asking is of_two_images.session("cat")
    of_two_images.expect_map_of("dog", vector)
    assert explorer.pixel == (5, 1)
    np.testing.assert_array_equal(explorer.vector(explorer.pixel), vector)
    of_two_images.explore("cat")
    assert explorer.asking is explorer.session
    of_two_images.expect("cat", (5, 1))


def test_held_reference_is_asked_as_it_is_by_now_in_its_own_stack(of_two_images):
    explorer = of_two_images.explorer
    of_two_images.hover("cat", 4, 1)
    explorer.state.follow = False
    of_two_images.explore("dog")
    for name in ("unit sum", "standard normal variate"):
        explorer.state.preprocessing = step_named(name)
        cat, dog = (preprocess(of_two_images.stacks[one], name) for one in ("cat", "dog"))
        expected = similarity_map(dog, cat.vector((4, 1)))
        np.testing.assert_allclose(explorer.map_layer.data, expected, atol=CLOSE)
    explorer.state.preprocessing = None
    of_two_images.expect_map_of("dog", of_two_images.stacks["cat"].vector((4, 1)))
    layer = of_two_images.layers["cat"]
    layer.translate = np.add(layer.translate, (0, 4, 0))  # by a pixel
    of_two_images.expect_map_of("dog", of_two_images.stacks["cat"].vector((3, 1)))


def test_reference_that_is_not_held_is_that_of_the_explored_image(of_two_images):
    of_two_images.hover("cat", 1, 1)
    of_two_images.explore("dog")
    assert of_two_images.explorer.asking is of_two_images.explorer.session
    of_two_images.expect("dog", (1, 1))


@pytest.mark.parametrize("change", ["follow", "step", "pin"])
def test_any_other_reference_is_one_of_the_explored_image(of_two_images, change):
    explorer = of_two_images.explorer
    of_two_images.hover("cat", 1, 1)
    explorer.state.follow = False
    of_two_images.explore("dog")
    if change == "follow":
        explorer.state.follow = True
    elif change == "step":
        explorer.step(1, 0)
    else:
        explorer.toggle_pin_at((0, 0))
    assert explorer.asking is explorer.session
    of_two_images.expect("dog", explorer.pixel)


def test_reference_held_in_a_stack_that_goes_is_one_of_the_explored_image(of_two_images):
    of_two_images.hover("cat", 1, 1)
    of_two_images.explorer.state.follow = False
    of_two_images.explore("dog")
    of_two_images.explorer.unlink(of_two_images.layers["cat"])
    of_two_images.expect("dog", (1, 1))


def test_other_images_wait_for_a_vector_that_is_still_to_be_read(viewer, add_stack, make_stack):
    cat, dog = make_stack("cat"), make_stack("dog", shape=(4, 7, 9))
    lazy = replace(cat, values=da.from_array(cat.values, chunks=(3, 5, 9)))
    scheduler = PatientScheduler()
    linked = Linked(viewer, add_stack, lazy, dog, scheduler=scheduler)
    linked.stacks["cat"] = cat
    scheduler.run()
    linked.explorer.links.shows_all = True
    linked.hover("cat", 5, 1)
    scheduler.run_events()
    assert linked.session("dog").is_behind
    scheduler.run()
    assert linked.explorer.is_idle
    linked.expect_map_of("dog", cat.vector((5, 1)))


def test_closed_explorer_leaves_the_maps_and_nothing_else(of_one_image, viewer):
    of_one_image.explorer.links.shows_all = True
    maps = [session.map_layer for session in of_one_image.explorer.sessions]
    session = weakref.ref(of_one_image.session("coarse"))
    of_one_image.explorer.close()
    assert of_one_image.explorer.sessions == []
    assert all(layer in viewer.layers for layer in maps)
    del of_one_image.explorer
    gc.collect()
    assert session() is None


def test_hovering_renames_no_layer(of_one_image):
    explorer = of_one_image.explorer
    explorer.links.shows_all = True
    names = []
    for session in explorer.sessions:
        session.map_layer.events.name.connect(lambda event: names.append(event.source.name))
    of_one_image.hover("fine", 9, 3)
    of_one_image.hover("fine", 1, 1)
    assert names == []  # napari's lists and the panel follow a name, which takes longer than a map
