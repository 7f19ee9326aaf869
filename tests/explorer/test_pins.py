from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Points

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.palette import PALETTE
from napari_ifealid.explorer.pin_frame import PinFrame
from napari_ifealid.explorer.pins import PINS_NAME, Pins
from napari_ifealid.explorer.sources import grid_of
from napari_ifealid.grid import Grid, Pixel

FRAME = PinFrame(units=("pixel", "pixel"), features=None, size=1.0)
OTHER_FRAME = PinFrame(units=("pixel",) * 3, features=None, size=1.0)


@pytest.fixture
def grid() -> Grid:
    """Of 6 × 5 pixels, which are those of the world."""
    return Grid((6, 5), np.eye(3))


@pytest.fixture
def pins(viewer, features) -> Pins:
    pins = Pins(viewer)
    pins.show_in(FRAME)
    return pins


@pytest.fixture
def toggle(viewer, pins, grid):
    """Pins the middles of pixels, or removes their pins."""

    def toggle(*pixels: Pixel) -> Points:
        for pixel in pixels:
            pins.toggle(grid.moved_to(viewer.dims.point, pixel), grid)
        assert pins.layer is not None
        return pins.layer

    return toggle


@pytest.fixture
def pixels(pins, grid):
    """Returns the pixels that the pins are on."""
    return lambda: [grid.pixel_at(pin.place) for pin in pins.pins]


@pytest.fixture
def changes(pins, pixels) -> list[list[Pixel]]:
    """The pixels at each change."""
    told: list[list[Pixel]] = []
    pins.changed.connect(lambda: told.append(pixels()))
    return told


def colours(pins: Pins) -> list[str]:
    return [pin.colour for pin in pins.pins]


def test_there_is_no_layer_before_the_first_pin(viewer, pins):
    assert PINS_NAME not in viewer.layers
    assert pins.pins == []


def test_toggling_pins_a_pixel(viewer, changes, toggle, pixels):
    toggle((2, 3))
    assert pixels() == [(2, 3)]
    np.testing.assert_array_equal(viewer.layers[PINS_NAME].data, [(2, 3)])
    assert changes == [[(2, 3)]]


def test_toggling_again_removes_the_pin_and_keeps_the_layer(viewer, changes, toggle, pixels):
    toggle((2, 3), (1, 1), (2, 3))
    assert pixels() == [(1, 1)]
    toggle((1, 1))
    assert pixels() == []
    assert PINS_NAME in viewer.layers
    assert changes[-2:] == [[(1, 1)], []]
    assert len(changes) == 4


def test_toggling_removes_all_pins_on_the_pixel(toggle, pixels):
    layer = toggle((2, 3))
    layer.add([(2.4, 2.6), (4, 4)])
    toggle((2, 3))
    assert pixels() == [(4, 4)]


@pytest.mark.parametrize("place", [(6, 0), (0, 5), (-1, 0), (np.nan, 1)])
def test_a_place_outside_of_the_map_is_refused(pins, grid, place):
    with pytest.raises(ValueError, match=r"outside of the feature map of shape \(6, 5\)"):
        pins.toggle(place, grid)


def test_nothing_can_be_pinned_before_there_is_a_map(viewer, grid):
    with pytest.raises(ValueError, match="show_in"):
        Pins(viewer).toggle((0, 0), grid)


def test_a_pin_is_exactly_where_it_was_put(viewer, pins, features):
    place = (0.0, 9.3, 14.7)
    pins.toggle(place, grid_of(features, 0))
    assert pins.pins[0].place == place[1:]
    np.testing.assert_allclose(pins.layer.data_to_world(pins.layer.data[0]), place[1:])


def test_pins_stay_in_the_world_when_the_features_move(pins, features, toggle):
    toggle((2, 3))
    places = [pin.place for pin in pins.pins]
    features.translate = (0, 10, 20)
    pins.show_in(FRAME)
    assert [pin.place for pin in pins.pins] == places


def test_the_active_layer_stays_selected(viewer, features, toggle):
    viewer.layers.selection.active = features
    toggle((2, 3))
    assert viewer.layers.selection.active is features
    assert set(viewer.layers.selection) == {features}


def test_all_selected_layers_stay_selected(viewer, toggle):
    selected = set(viewer.layers)
    viewer.layers.selection = selected
    toggle((2, 3))
    assert set(viewer.layers.selection) == selected


def test_a_pin_from_a_click_leaves_the_selected_points_alone(toggle):
    layer = toggle((2, 3), (1, 1))
    layer.selected_data = {0}
    toggle((4, 4))
    assert set(layer.selected_data) == {0}


def test_pins_are_above_the_similarity_map(viewer, features):
    explorer = Explorer(viewer)
    explorer.toggle_pin_at((2, 3))
    pins = explorer.pins
    assert viewer.layers[-1] is pins.layer
    viewer.layers.move(viewer.layers.index(explorer.map_layer), len(viewer.layers))
    active = viewer.layers.selection.active
    pins.show_above_maps()
    assert viewer.layers[-1] is pins.layer
    assert viewer.layers.selection.active is active


def test_pins_stay_where_the_user_put_them_among_other_layers(viewer, pins, toggle):
    layer = toggle((2, 3))
    viewer.layers.move(viewer.layers.index(layer), 0)
    pins.show_in(FRAME)
    assert viewer.layers[0] is layer


def test_each_pin_has_the_next_colour(pins, toggle):
    toggle(*[(y, x) for y in range(2) for x in range(5)])
    assert colours(pins) == [*PALETTE, *PALETTE[:3]]


def test_the_layer_shows_the_colours(toggle):
    layer = toggle((2, 3))
    np.testing.assert_allclose(layer.face_color[0] * 255, (0xE6, 0x9F, 0x00, 0xFF))


def test_colours_stay_when_a_pin_is_removed_and_its_colour_is_used_again(pins, toggle):
    toggle((0, 0), (1, 1), (2, 2))
    toggle((1, 1))
    assert colours(pins) == [PALETTE[0], PALETTE[2]]
    toggle((3, 3))
    assert colours(pins) == [PALETTE[0], PALETTE[2], PALETTE[1]]


def test_clearing_removes_all_pins(pins, changes, toggle):
    layer = toggle((0, 0), (1, 1))
    layer.selected_data = {1}
    pins.clear()
    assert pins.pins == []
    assert set(layer.selected_data) == set()
    assert changes[2:] == [[]]
    toggle((2, 2))
    assert colours(pins) == [PALETTE[0]]


def test_clearing_nothing_changes_nothing(pins, changes):
    pins.clear()
    assert changes == []


def test_a_point_that_the_user_adds_is_a_pin_with_the_next_colour(pins, changes, toggle, pixels):
    layer = toggle((0, 0))
    layer.add((2.4, 2.6))
    assert pixels() == [(0, 0), (2, 3)]
    assert colours(pins) == list(PALETTE[:2])
    assert changes[1:] == [[(0, 0), (2, 3)]]


def test_points_added_one_after_the_other_differ_in_colour(pins, toggle):
    layer = toggle((0, 0))
    for y in range(1, 4):
        layer.add((y, y))
    assert colours(pins) == list(PALETTE[:4])


def test_points_added_while_the_layer_is_hidden_are_pins(pins, toggle):
    layer = toggle((0, 0))
    layer.visible = False
    layer.add((1, 1))
    assert colours(pins) == list(PALETTE[:2])


def test_points_that_the_user_deletes_are_no_pins(pins, changes, toggle, pixels):
    layer = toggle((0, 0), (1, 1), (2, 2))
    layer.selected_data = {0, 1}
    layer.remove_selected()
    assert pixels() == [(2, 2)]
    assert colours(pins) == [PALETTE[2]]
    assert changes[3:] == [[(2, 2)]]


def test_points_that_the_user_moves_are_followed(pins, changes, toggle, pixels):
    layer = toggle((0, 0), (1, 1))
    layer.data = [(0, 0), (3.6, 0.4)]
    assert pixels() == [(0, 0), (4, 0)]
    assert colours(pins) == list(PALETTE[:2])
    assert changes[2:] == [[(0, 0), (4, 0)]]


def test_a_move_within_a_pixel_is_followed(pins, changes, toggle):
    layer = toggle((1, 1))
    layer.data = [(1.3, 0.6)]
    assert pins.pins[0].place == (1.3, 0.6)
    assert changes == [[(1, 1)], [(1, 1)]]


def test_points_are_followed_while_they_are_dragged(changes, toggle):
    layer = toggle((1, 1))
    # what napari tells while a drag lasts: the data is changed in place, without its event
    layer.data[0] = (3, 4)
    layer.events.features()
    assert changes[1:] == [[(3, 4)]]


def test_points_put_in_place_of_the_others_are_pins(pins, changes, toggle, pixels):
    layer = toggle((0, 0))
    layer.data = [(1, 1), (2, 2), (3, 3)]
    assert pixels() == [(1, 1), (2, 2), (3, 3)]
    assert colours(pins) == list(PALETTE[:3])
    assert len(changes) == 2


def test_points_outside_of_the_map_keep_their_places(pins, toggle, pixels):
    layer = toggle((0, 0), (1, 1))
    layer.add([(-0.6, 0), (5.4, 4.4), (5.6, 0)])
    assert pixels() == [(0, 0), (1, 1), None, (5, 4), None]
    assert [pin.place for pin in pins.pins][2:] == [(-0.6, 0.0), (5.4, 4.4), (5.6, 0.0)]


def test_points_without_a_place_are_no_pins(pins, toggle, pixels):
    layer = toggle((0, 0), (1, 1))
    layer.data = [(np.nan, 0), (1, 1), (2, np.inf)]
    assert pixels() == [(1, 1)]
    assert colours(pins) == [PALETTE[1]]
    toggle((3, 3))
    assert pixels() == [(1, 1), (3, 3)]


def test_a_colour_that_the_user_gives_to_a_pin_is_followed(pins, changes, toggle):
    layer = toggle((0, 0), (1, 1))
    layer.selected_data = {1}
    layer.current_face_color = "#123456"
    assert colours(pins) == [PALETTE[0], "#123456"]
    assert len(changes) == 3
    layer.face_color = ["red", "lime"]
    assert colours(pins) == ["#ff0000", "#00ff00"]
    assert len(changes) == 4


def test_selecting_points_changes_nothing(pins, changes, toggle):
    layer = toggle((0, 0), (1, 1))
    layer.selected_data = {0}
    layer.selected_data = {0, 1}
    assert colours(pins) == list(PALETTE[:2])
    assert len(changes) == 2


def test_deleting_the_layer_removes_the_pins_and_the_next_one_makes_a_new_layer(
    viewer, pins, changes, toggle, pixels
):
    layer = toggle((0, 0), (1, 1))
    viewer.layers.remove(layer)
    assert pins.pins == []
    assert changes[2:] == [[]]
    toggle((2, 2))
    assert pixels() == [(2, 2)]
    assert pins.layer is viewer.layers[PINS_NAME]
    layer.add((3, 3))
    assert pixels() == [(2, 2)]


def test_emptying_the_layer_list_removes_the_pins(viewer, changes, toggle):
    toggle((0, 0))
    viewer.layers.clear()
    assert changes[1:] == [[]]


def test_pins_keep_their_places_along_other_axes(viewer, pins, changes, toggle, pixels):
    toggle((0, 0), (5, 4))
    viewer.dims.set_point(0, 3)
    pins.show_in(OTHER_FRAME)
    assert pins.layer is viewer.layers[PINS_NAME]
    assert [pin.place for pin in pins.pins] == [(3, 0, 0), (3, 5, 4)]
    assert colours(pins) == list(PALETTE[:2])
    assert len(changes) == 3
    pins.show_in(FRAME)
    np.testing.assert_array_equal(pins.layer.data, [(0, 0), (5, 4)])
    toggle((1, 1))
    assert pixels() == [(0, 0), (5, 4), (1, 1)]


@pytest.fixture
def in_slices(viewer, pins, toggle) -> Pins:
    """Three pins in slices of a volume, shown without the axis of the slices."""
    pins.show_in(OTHER_FRAME)
    volume = Grid((8, 6, 5), np.eye(4))
    for place in ((2, 0, 0), (5, 0, 0), (6, 5, 4)):
        pins.toggle(place, volume)
    pins.show_in(FRAME)
    assert pins.layer.ndim == 2
    return pins


def places_in_slices(pins: Pins) -> list[tuple[float, ...]]:
    pins.show_in(OTHER_FRAME)
    np.testing.assert_array_equal(pins.layer.data, [pin.place for pin in pins.pins])
    return [pin.place for pin in pins.pins]


def test_pins_stay_in_their_slices_while_a_flat_stack_is_explored(viewer, in_slices):
    viewer.dims.set_point(0, 3)
    assert places_in_slices(in_slices) == [(2, 0, 0), (5, 0, 0), (6, 5, 4)]


def test_pins_changed_over_a_flat_stack_stay_in_their_slices(viewer, in_slices, grid):
    in_slices.layer.data = [(0, 0), (0, 0), (3, 3)]
    in_slices.set_sign(1, -1)
    in_slices.remove(in_slices.pins[0])
    viewer.dims.set_point(0, 3)
    in_slices.toggle((1, 1), grid)
    assert [(pin.place, pin.sign) for pin in in_slices.pins[:2]] == [
        ((5, 0, 0), -1),
        ((6, 3, 3), 1),
    ]
    in_slices.layer.selected_data = {1}
    in_slices.layer.remove_selected()
    assert places_in_slices(in_slices) == [(5, 0, 0), (3, 1, 1)]


def test_undo_over_a_flat_stack_brings_pins_back_into_their_slices(viewer, in_slices):
    in_slices.clear()
    viewer.dims.set_point(0, 3)
    in_slices.undo()
    assert places_in_slices(in_slices) == [(2, 0, 0), (5, 0, 0), (6, 5, 4)]


def test_pins_reach_over_all_features_of_an_axis_between_the_others(viewer, pins, toggle):
    toggle((2, 3))
    pins.show_in(PinFrame(units=("pixel",) * 3, features=(-2, 4.0, 9.0), size=1.0))
    low, high = (pins.layer.data_to_world((2, feature, 3))[1] for feature in (-0.5, 0.5))
    assert (low, high) == (-0.5, 8.5)


def test_closing_leaves_the_layer_and_follows_it_no_more(viewer, pins, changes, toggle):
    layer = toggle((0, 0))
    pins.close()
    changes.clear()
    layer.add((1, 1))
    assert layer in viewer.layers
    viewer.layers.remove(layer)
    assert changes == []


def test_the_layer_of_an_explorer_closed_before_is_taken_over(viewer, pins, toggle, grid):
    layer = toggle((0, 0), (1, 1))
    layer.face_color = ["red", "lime"]
    pins.close()
    later = Pins(viewer)
    told: list[bool] = []
    later.changed.connect(lambda: told.append(True))
    later.show_in(FRAME)
    assert later.layer is layer
    assert [pin.place for pin in later.pins] == [(0, 0), (1, 1)]
    assert colours(later) == ["#ff0000", "#00ff00"]
    assert told == [True]
    later.toggle((2, 2), grid)
    assert colours(later)[-1] == PALETTE[0]


def test_a_layer_of_the_user_is_not_taken_over(viewer, grid):
    own = viewer.add_points([(0, 0)], name=PINS_NAME)
    pins = Pins(viewer)
    pins.show_in(FRAME)
    assert pins.pins == []
    pins.toggle((1, 1), grid)
    np.testing.assert_array_equal(own.data, [(0, 0)])


def test_a_layer_left_behind_that_the_user_has_renamed_is_not_taken_over(viewer, pins, toggle):
    toggle((0, 0)).name = "my places"
    pins.close()
    later = Pins(viewer)
    later.show_in(FRAME)
    assert later.layer is None


def test_pins_can_be_seen_whatever_the_resolution_of_the_map(toggle):
    layer = toggle((0, 0))
    assert layer.size[0] == FRAME.size
    assert layer.canvas_size_limits == (4, 12)


def test_pins_can_be_dragged_by_less_than_a_pixel(toggle):
    assert toggle((0, 0)).data.dtype.kind == "f"


def test_points_that_the_user_pastes_are_pins(pins, toggle, pixels):
    layer = toggle((0, 0), (1, 1))
    layer.selected_data = {1}
    copy, paste = (
        function
        for key, function in type(layer).class_keymap.items()
        if str(key) in ("Ctrl+C", "Ctrl+V")
    )
    copy(layer)
    paste(layer)
    assert pixels() == [(0, 0), (1, 1), (1, 1)]
    assert colours(pins) == list(PALETTE[:3])


def test_the_pins_can_be_saved_with_napari(make_napari_viewer, grid, tmp_path):
    pins = Pins(make_napari_viewer())
    pins.show_in(FRAME)
    for pixel in ((0, 0), (2, 3)):
        pins.toggle(pixel, grid)
    [path] = pins.layer.save(str(tmp_path / "references.csv"))
    rows = np.loadtxt(path, delimiter=",", skiprows=1)
    np.testing.assert_array_equal(rows[:, 1:], [(0, 0), (2, 3)])


def moved(layer, index, pixel):
    data = np.array(layer.data)
    data[index] = pixel
    layer.data = data


def test_undo_takes_changes_back_one_by_one(pins, toggle, pixels):
    toggle((1, 2))
    toggle((3, 4))
    before = colours(pins)
    toggle((1, 2))
    pins.undo()
    assert (pixels(), colours(pins)) == ([(1, 2), (3, 4)], before)
    pins.undo()
    pins.undo()
    assert pixels() == []
    pins.undo()
    assert pixels() == []


def test_the_last_hundred_changes_can_be_taken_back_and_no_more(pins, toggle, pixels):
    toggle((3, 4))
    for _ in range(50):
        toggle((1, 2))
        toggle((1, 2))
    for _ in range(99):
        pins.undo()
    assert pixels() == [(3, 4), (1, 2)]
    for _ in range(10):
        pins.undo()
    assert pixels() == [(3, 4)]


def test_undo_takes_a_whole_drag_back(pins, toggle, pixels):
    toggle((1, 2))
    toggle((3, 4))
    for column in (3, 2, 1):
        moved(pins.layer, 1, (3, column))
    pins.undo()
    assert pixels() == [(1, 2), (3, 4)]


def test_undo_brings_a_deleted_layer_back(viewer, pins, toggle, pixels):
    toggle((1, 2))
    viewer.layers.remove(pins.layer)
    pins.undo()
    assert pixels() == [(1, 2)]
    assert pins.layer in viewer.layers


def test_removed_pin_leaves_the_others_in_their_colours(pins, toggle, pixels):
    toggle((1, 1), (2, 2), (3, 3))
    pins.remove(pins.pins[1])
    assert pixels() == [(1, 1), (3, 3)]
    assert colours(pins) == [PALETTE[0], PALETTE[2]]


def test_pin_that_is_gone_is_not_removed_again(pins, toggle, pixels):
    toggle((1, 1), (2, 2))
    gone = pins.pins[0]
    pins.remove(gone)
    pins.remove(gone)
    assert pixels() == [(2, 2)]


def test_width_of_a_border_that_the_user_has_chosen_comes_back(pins, toggle):
    layer = toggle((1, 1), (2, 2))
    layer.border_width = [0.1, 0.4]
    pins.emphasise(0)
    assert layer.border_width.tolist() == pytest.approx([0.5, 0.4], abs=0.01)
    pins.emphasise(1)
    assert layer.border_width.tolist() == pytest.approx([0.1, 0.5], abs=0.01)
    pins.emphasise(None)
    assert layer.border_width.tolist() == pytest.approx([0.1, 0.4])


def test_pins_that_are_removed_leave_the_others_their_widths(pins, toggle):
    layer = toggle((1, 1), (2, 2), (3, 3))
    pins.emphasise(2)
    pins.remove(pins.pins[0])
    pins.emphasise(None)
    assert layer.border_width.tolist() == pytest.approx([0.2, 0.2])


def signs(pins: Pins) -> list[int]:
    return [pin.sign for pin in pins.pins]


def test_sign_is_the_symbol_of_the_point(pins, toggle, changes):
    layer = toggle((0, 0), (1, 1))
    del changes[:]
    pins.set_sign(1, -1)
    assert [str(symbol) for symbol in layer.symbol] == ["disc", "x"]
    assert signs(pins) == [1, -1]
    assert len(changes) == 1
    pins.set_sign(1, 1)
    assert [str(symbol) for symbol in layer.symbol] == ["disc", "disc"]


def test_symbol_that_the_user_chooses_is_the_sign(pins, toggle):
    layer = toggle((0, 0), (1, 1))
    layer.selected_data = {0}
    layer.current_symbol = "x"
    assert signs(pins) == [-1, 1]
    layer.current_symbol = "star"
    assert signs(pins) == [1, 1]


def test_pin_from_a_click_is_looked_for_beside_those_that_are_not(pins, toggle, changes):
    layer = toggle((0, 0))
    layer.selected_data = {0}
    layer.current_symbol = "x"
    del changes[:]
    toggle((1, 1))
    assert signs(pins) == [-1, 1]
    assert len(changes) == 1


def test_removed_pins_leave_the_others_their_signs(pins, toggle):
    toggle((0, 0), (1, 1), (2, 2))
    pins.set_sign(2, -1)
    toggle((1, 1))
    assert signs(pins) == [1, -1]


def test_undo_takes_a_sign_back(pins, toggle, pixels):
    toggle((0, 0), (1, 1))
    pins.set_sign(0, -1)
    toggle((1, 1))
    pins.undo()
    assert (pixels(), signs(pins)) == ([(0, 0), (1, 1)], [-1, 1])
    pins.undo()
    assert signs(pins) == [1, 1]


def test_signs_stay_with_the_layer(viewer, pins, toggle, grid):
    toggle((0, 0), (1, 1))
    pins.set_sign(1, -1)
    pins.close()
    again = Pins(viewer)
    again.show_in(FRAME)
    assert signs(again) == [1, -1]
    again.show_in(OTHER_FRAME)
    assert signs(again) == [1, -1]


def test_sign_and_place_stay_apart_in_undo(pins, toggle):
    layer = toggle((0, 0))
    moved(layer, 0, (0, 1))
    pins.set_sign(0, -1)
    moved(layer, 0, (0, 2))
    pins.undo()
    assert (pins.pins[0].place, signs(pins)) == ((0, 1), [-1])
