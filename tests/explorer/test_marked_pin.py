from __future__ import annotations

import pytest

from napari_ifealid.explorer import Explorer


@pytest.fixture
def explorer(viewer, features):
    explorer = Explorer(viewer)
    for pixel in [(1, 2), (5, 4), (3, 3)]:
        explorer.toggle_pin_at(pixel)
    explorer.show_pixel((0, 0))
    yield explorer
    explorer.close()


@pytest.fixture
def changes(explorer):
    changes: list[int | None] = []
    explorer.marked_pin.changed.connect(changes.append)
    return changes


def wide(explorer) -> list[int]:
    """Rows of the layer with a wide border."""
    return [row for row, width in enumerate(explorer.pins.layer.border_width) if width > 0.3]


def test_pin_under_the_cursor_is_marked_while_it_is(explorer, changes):
    explorer.show_pixel((5, 4))
    assert wide(explorer) == [1]
    explorer.show_pixel((0, 0))
    assert wide(explorer) == []
    assert changes == [1, None]


def test_chosen_pin_stays_marked_until_it_is_chosen_again(explorer, changes):
    explorer.marked_pin.choose(2)
    explorer.show_pixel((0, 1))
    assert explorer.marked_pin.value == 2
    explorer.show_pixel((1, 2))
    assert explorer.marked_pin.value == 0
    explorer.show_pixel((0, 1))
    assert explorer.marked_pin.value == 2
    explorer.marked_pin.choose(2)
    assert changes == [2, 0, 2, None]
    assert wide(explorer) == []


def test_removed_pin_leaves_none_marked(explorer):
    explorer.marked_pin.choose(2)
    explorer.toggle_pin_at((3, 3))
    assert explorer.marked_pin.value is None
    assert wide(explorer) == []


def test_new_pin_under_the_cursor_is_marked_at_once(explorer):
    explorer.show_pixel((2, 2))
    explorer.toggle_pin_at((2, 2))
    assert explorer.marked_pin.value == 3
    assert wide(explorer) == [3]


def test_recoloured_pin_stays_marked(explorer):
    explorer.marked_pin.choose(1)
    explorer.pins.layer.face_color = ["red", "green", "blue"]
    assert explorer.marked_pin.value == 1
    assert wide(explorer) == [1]


def test_marking_is_no_change_of_the_pins(explorer):
    pins = explorer.pins.pins
    explorer.marked_pin.choose(1)
    explorer.pins.undo()
    assert explorer.pins.pins == pins[:2]


def test_pins_are_left_to_the_user_unmarked(explorer):
    explorer.marked_pin.choose(1)
    layer = explorer.pins.layer
    explorer.close()
    assert set(layer.border_width) == {0.2}


def test_marked_pin_is_flipped_and_without_one_none(explorer):
    explorer.marked_pin.flip()
    explorer.marked_pin.choose(1)
    explorer.marked_pin.flip()
    assert [pin.sign for pin in explorer.pins.pins] == [1, -1, 1]
    explorer.marked_pin.flip()
    assert [pin.sign for pin in explorer.pins.pins] == [1, 1, 1]


def test_last_of_several_pins_on_a_pixel_is_marked(explorer):
    session = explorer.session
    place = explorer.pins.pins[0].place
    explorer.pins.replace([*explorer.pins.pins, explorer.pins.pins[0]])
    explorer.marked_pin.hover_at(place, session.grid)
    assert explorer.marked_pin.value == 3
    explorer.marked_pin.hover_at(place, None)
    assert explorer.marked_pin.value is None
