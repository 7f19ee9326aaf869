from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from explorer_actions import hover
from napari_ifealid.explorer import Explorer, ReferenceMode
from napari_ifealid.explorer.reference_ring import ReferenceRing
from napari_ifealid.libraries import Library, LibraryEntry


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def features(viewer, add_stack, stack):
    return add_stack(viewer, stack)


@pytest.fixture
def explorer(viewer, features) -> Explorer:
    return Explorer(viewer)


@pytest.fixture
def ring(viewer, explorer) -> ReferenceRing:
    return ReferenceRing(viewer, explorer)


def is_shown(ring: ReferenceRing) -> bool:
    return ring.layer is not None and ring.layer.visible


def place(ring: ReferenceRing) -> tuple[float, ...]:
    return tuple(ring.layer.data_to_world(ring.layer.data[0]))


def test_ring_is_not_needed_where_the_mouse_is(ring, viewer, features):
    hover(viewer, features, 0, 3, 2)
    assert not is_shown(ring)


def test_place_that_was_not_chosen_with_the_mouse_is_marked(ring, explorer):
    explorer.show_pixel((4, 3))
    assert is_shown(ring)
    np.testing.assert_allclose(place(ring)[-2:], explorer.session.grid.place_of((4, 3)))


def test_place_that_a_moved_stack_does_not_reach_any_more_is_not_marked(ring, explorer, features):
    explorer.show_pixel((4, 3))
    features.translate = (0, 1000, 1000)
    assert explorer.is_outside
    assert not is_shown(ring)


def test_held_reference_is_marked_until_it_follows_again(ring, explorer, viewer, features):
    hover(viewer, features, 0, 3, 2)
    explorer.state.follow = False
    assert is_shown(ring)
    explorer.step(1, 0)
    np.testing.assert_allclose(place(ring)[-2:], explorer.session.grid.place_of((4, 2)), atol=2)
    explorer.state.follow = True
    hover(viewer, features, 0, 1, 1)
    assert not is_shown(ring)


def test_pins_that_are_compared_with_are_marked_already(ring, explorer):
    explorer.show_pixel((4, 3))
    explorer.toggle_pin_at((1, 1))
    explorer.state.reference = ReferenceMode.BEST
    assert not is_shown(ring)


def test_entry_of_a_library_has_no_place_to_mark(ring, explorer):
    explorer.show_pixel((4, 3))
    explorer.library.open(Library([LibraryEntry(np.ones(9))]))
    explorer.library.tick(0, True)
    assert not is_shown(ring)
    explorer.library.tick(0, False)
    assert is_shown(ring)


def test_reference_outside_of_the_stack_is_not_marked(ring, explorer):
    explorer.show_pixel((4, 3))
    explorer.cursor.move_to((1000, 1000))
    assert not is_shown(ring)


def test_ring_lies_above_the_map_and_chooses_no_layer(ring, explorer, viewer):
    before = set(viewer.layers.selection)
    explorer.show_pixel((4, 3))
    assert viewer.layers.index(ring.layer) > viewer.layers.index(explorer.map_layer)
    assert set(viewer.layers.selection) == before


def test_ring_that_is_shown_again_lies_above_the_map_of_another_stack(
    ring, explorer, viewer, features, add_stack, stack
):
    explorer.show_pixel((4, 3))
    hover(viewer, features, 0, 3, 2)
    add_stack(viewer, stack)
    explorer.state.follow = False
    assert is_shown(ring)
    assert viewer.layers.index(ring.layer) > viewer.layers.index(explorer.map_layer)


def test_ring_that_the_user_removes_comes_back_with_another_reference(ring, explorer, viewer):
    explorer.show_pixel((4, 3))
    viewer.layers.remove(ring.layer)
    assert ring.layer is None
    explorer.show_pixel((3, 3))
    assert is_shown(ring)


def test_closed_ring_is_gone(ring, explorer, viewer):
    explorer.show_pixel((4, 3))
    layer = ring.layer
    ring.close()
    assert layer not in viewer.layers
    explorer.show_pixel((3, 3))
    assert ring.layer is None


def test_ring_marks_the_cursor_where_no_pin_is_looked_for(ring, explorer):
    explorer.show_pixel((4, 3))
    explorer.toggle_pin_at((1, 1))
    explorer.pins.set_sign(0, -1)
    explorer.state.reference = ReferenceMode.BEST
    assert is_shown(ring)
