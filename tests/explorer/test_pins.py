from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Points

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.pins import PALETTE, PINS_NAME, Pins
from napari_ifealid.explorer.sources import placement

SHAPE = (6, 5)


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def features(viewer, add_stack, stack) -> Image:
    return add_stack(viewer, stack)


@pytest.fixture
def pins(viewer, features) -> Pins:
    pins = Pins(viewer)
    pins.place(SHAPE, placement(features, 0))
    return pins


@pytest.fixture
def changes(pins) -> list[list[tuple[int, ...]]]:
    """The pixels at each change told."""
    told: list[list[tuple[int, ...]]] = []
    pins.changed.connect(lambda: told.append(pins.pixels))
    return told


def pin(pins: Pins, *pixels: tuple[int, ...]) -> Points:
    for pixel in pixels:
        pins.toggle(pixel)
    assert pins.layer is not None
    return pins.layer


def test_there_is_no_layer_before_the_first_pin(viewer, pins):
    assert PINS_NAME not in viewer.layers
    assert pins.pixels == pins.colours == []


def test_toggling_pins_a_pixel(viewer, pins, changes):
    pins.toggle((2, 3))
    assert pins.pixels == [(2, 3)]
    np.testing.assert_array_equal(viewer.layers[PINS_NAME].data, [(2, 3)])
    assert changes == [[(2, 3)]]


def test_toggling_again_removes_the_pin_and_keeps_the_layer(viewer, pins, changes):
    pin(pins, (2, 3), (1, 1), (2, 3))
    assert pins.pixels == [(1, 1)]
    pins.toggle((1, 1))
    assert pins.pixels == []
    assert PINS_NAME in viewer.layers
    assert changes[-2:] == [[(1, 1)], []]
    assert len(changes) == 4


def test_toggling_removes_all_pins_on_the_pixel(pins):
    layer = pin(pins, (2, 3))
    layer.add([(2.4, 2.6), (4, 4)])
    pins.toggle((2, 3))
    assert pins.pixels == [(4, 4)]


@pytest.mark.parametrize("pixel", [(6, 0), (0, 5), (-1, 0), (0, 0, 0)])
def test_a_pixel_outside_of_the_map_is_refused(pins, pixel):
    with pytest.raises(ValueError, match=r"outside of the feature map of shape \(6, 5\)"):
        pins.toggle(pixel)


def test_nothing_can_be_pinned_before_there_is_a_map(viewer):
    with pytest.raises(ValueError, match="place"):
        Pins(viewer).toggle((0, 0))


def test_the_layer_lies_on_the_features(viewer, pins, features):
    layer = pin(pins, (2, 3))
    np.testing.assert_allclose(layer.data_to_world((2, 3)), features.data_to_world((0, 2, 3))[1:])


def test_the_pins_move_with_the_features(pins, features):
    layer = pin(pins, (2, 3))
    features.translate = (0, 10, 20)
    features.rotate = 30
    pins.place(SHAPE, placement(features, 0))
    np.testing.assert_allclose(layer.data_to_world((2, 3)), features.data_to_world((0, 2, 3))[1:])
    assert pins.pixels == [(2, 3)]


def test_the_active_layer_stays_selected(viewer, pins, features):
    viewer.layers.selection.active = features
    pins.toggle((2, 3))
    assert viewer.layers.selection.active is features
    assert set(viewer.layers.selection) == {features}


def test_all_selected_layers_stay_selected(viewer, pins):
    selected = set(viewer.layers)
    viewer.layers.selection = selected
    pins.toggle((2, 3))
    assert set(viewer.layers.selection) == selected


def test_a_pin_from_a_click_leaves_the_selected_points_alone(pins):
    layer = pin(pins, (2, 3), (1, 1))
    layer.selected_data = {0}
    pins.toggle((4, 4))
    assert set(layer.selected_data) == {0}


def test_pins_are_above_the_similarity_map(viewer, features):
    explorer = Explorer(viewer)
    pins = Pins(viewer)
    pins.place(SHAPE, placement(features, 0))
    pins.toggle((2, 3))
    assert viewer.layers[-1] is pins.layer
    viewer.layers.move(viewer.layers.index(explorer.similarity_layer), len(viewer.layers))
    active = viewer.layers.selection.active
    pins.place(SHAPE, placement(features, 0))
    assert viewer.layers[-1] is pins.layer
    assert viewer.layers.selection.active is active


def test_pins_stay_where_the_user_put_them_among_other_layers(viewer, pins, features):
    layer = pin(pins, (2, 3))
    viewer.layers.move(viewer.layers.index(layer), 0)
    pins.place(SHAPE, placement(features, 0))
    assert viewer.layers[0] is layer


def test_each_pin_has_the_next_colour(pins):
    pin(pins, *[(y, x) for y in range(2) for x in range(5)])
    assert pins.colours == [*PALETTE, *PALETTE[:3]]


def test_the_layer_shows_the_colours(pins):
    layer = pin(pins, (2, 3))
    np.testing.assert_allclose(layer.face_color[0] * 255, (0xE6, 0x9F, 0x00, 0xFF))


def test_colours_stay_when_a_pin_is_removed_and_its_colour_is_used_again(pins):
    pin(pins, (0, 0), (1, 1), (2, 2))
    pins.toggle((1, 1))
    assert pins.colours == [PALETTE[0], PALETTE[2]]
    pins.toggle((3, 3))
    assert pins.colours == [PALETTE[0], PALETTE[2], PALETTE[1]]


def test_clearing_removes_all_pins(pins, changes):
    layer = pin(pins, (0, 0), (1, 1))
    layer.selected_data = {1}
    pins.clear()
    assert pins.pixels == pins.colours == []
    assert set(layer.selected_data) == set()
    assert changes[2:] == [[]]
    pins.toggle((2, 2))
    assert pins.colours == [PALETTE[0]]


def test_clearing_nothing_changes_nothing(pins, changes):
    pins.clear()
    assert changes == []


def test_a_point_that_the_user_adds_is_a_pin_with_the_next_colour(pins, changes):
    layer = pin(pins, (0, 0))
    layer.add((2.4, 2.6))
    assert pins.pixels == [(0, 0), (2, 3)]
    assert pins.colours == list(PALETTE[:2])
    assert changes[1:] == [[(0, 0), (2, 3)]]


def test_points_added_one_after_the_other_differ_in_colour(pins):
    layer = pin(pins, (0, 0))
    for y in range(1, 4):
        layer.add((y, y))
    assert pins.colours == list(PALETTE[:4])


def test_points_added_while_the_layer_is_hidden_are_pins(pins):
    layer = pin(pins, (0, 0))
    layer.visible = False
    layer.add((1, 1))
    assert pins.colours == list(PALETTE[:2])


def test_points_that_the_user_deletes_are_no_pins(pins, changes):
    layer = pin(pins, (0, 0), (1, 1), (2, 2))
    layer.selected_data = {0, 1}
    layer.remove_selected()
    assert pins.pixels == [(2, 2)]
    assert pins.colours == [PALETTE[2]]
    assert changes[3:] == [[(2, 2)]]


def test_points_that_the_user_moves_are_followed(pins, changes):
    layer = pin(pins, (0, 0), (1, 1))
    layer.data = [(0, 0), (3.6, 0.4)]
    assert pins.pixels == [(0, 0), (4, 0)]
    assert pins.colours == list(PALETTE[:2])
    assert changes[2:] == [[(0, 0), (4, 0)]]


def test_a_move_within_a_pixel_changes_nothing(pins, changes):
    layer = pin(pins, (1, 1))
    layer.data = [(1.3, 0.6)]
    assert len(changes) == 1


def test_points_are_followed_while_they_are_dragged(pins, changes):
    layer = pin(pins, (1, 1))
    # what napari tells while a drag lasts: the data is changed in place, without its event
    layer.data[0] = (3, 4)
    layer.events.features()
    assert changes[1:] == [[(3, 4)]]


def test_points_put_in_place_of_the_others_are_pins(pins, changes):
    layer = pin(pins, (0, 0))
    layer.data = [(1, 1), (2, 2), (3, 3)]
    assert pins.pixels == [(1, 1), (2, 2), (3, 3)]
    assert pins.colours == list(PALETTE[:3])
    assert len(changes) == 2


def test_points_outside_of_the_map_are_no_pins(pins):
    layer = pin(pins, (0, 0), (1, 1))
    layer.add([(-0.6, 0), (5.4, 4.4), (5.6, 0)])
    assert pins.pixels == [(0, 0), (1, 1), (5, 4)]
    assert pins.colours == [PALETTE[0], PALETTE[1], PALETTE[3]]


def test_a_colour_that_the_user_gives_to_a_pin_is_followed(pins, changes):
    layer = pin(pins, (0, 0), (1, 1))
    layer.selected_data = {1}
    layer.current_face_color = "#123456"
    assert pins.colours == [PALETTE[0], "#123456"]
    assert len(changes) == 3
    layer.face_color = ["red", "lime"]
    assert pins.colours == ["#ff0000", "#00ff00"]
    assert len(changes) == 4


def test_selecting_points_changes_nothing(pins, changes):
    layer = pin(pins, (0, 0), (1, 1))
    layer.selected_data = {0}
    layer.selected_data = {0, 1}
    assert pins.colours == list(PALETTE[:2])
    assert len(changes) == 2


def test_deleting_the_layer_removes_the_pins_and_the_next_one_makes_a_new_layer(
    viewer, pins, changes
):
    layer = pin(pins, (0, 0), (1, 1))
    viewer.layers.remove(layer)
    assert pins.pixels == pins.colours == []
    assert changes[2:] == [[]]
    pins.toggle((2, 2))
    assert pins.pixels == [(2, 2)]
    assert pins.layer is viewer.layers[PINS_NAME]
    layer.add((3, 3))
    assert pins.pixels == [(2, 2)]


def test_emptying_the_layer_list_removes_the_pins(viewer, pins, changes):
    pin(pins, (0, 0))
    viewer.layers.clear()
    assert changes[1:] == [[]]


def test_pins_outside_of_a_smaller_map_are_left_out(pins, features, changes):
    pin(pins, (0, 0), (5, 4))
    pins.place((3, 3), placement(features, 0))
    assert pins.pixels == [(0, 0)]
    assert changes[2:] == [[(0, 0)]]
    pins.place(SHAPE, placement(features, 0))
    assert pins.pixels == [(0, 0), (5, 4)]


def test_a_map_with_another_number_of_axes_clears_the_pins(viewer, pins, changes):
    pin(pins, (0, 0))
    where = {"scale": np.ones(3), "translate": np.zeros(3), "affine": np.eye(4)}
    pins.place((2, 3, 4), where)
    assert changes[1:] == [[]]
    pins.toggle((1, 2, 3))
    assert pins.pixels == [(1, 2, 3)]
    assert viewer.layers[PINS_NAME].ndim == 3


def test_closing_leaves_the_layer_and_follows_it_no_more(viewer, pins, changes):
    layer = pin(pins, (0, 0))
    pins.close()
    changes.clear()
    layer.add((1, 1))
    assert layer in viewer.layers
    viewer.layers.remove(layer)
    assert changes == []


def test_the_layer_of_an_explorer_closed_before_is_taken_over(viewer, pins, features):
    layer = pin(pins, (0, 0), (1, 1))
    layer.face_color = ["red", "lime"]
    pins.close()
    later = Pins(viewer)
    told: list[bool] = []
    later.changed.connect(lambda: told.append(True))
    later.place(SHAPE, placement(features, 0))
    assert later.layer is layer
    assert later.pixels == [(0, 0), (1, 1)]
    assert later.colours == ["#ff0000", "#00ff00"]
    assert told == [True]
    later.toggle((2, 2))
    assert later.colours[-1] == PALETTE[0]


def test_a_layer_of_the_user_is_not_taken_over(viewer, features):
    own = viewer.add_points([(0, 0)], name=PINS_NAME)
    pins = Pins(viewer)
    pins.place(SHAPE, placement(features, 0))
    assert pins.pixels == []
    pins.toggle((1, 1))
    np.testing.assert_array_equal(own.data, [(0, 0)])


def test_a_layer_left_behind_that_the_user_has_renamed_is_not_taken_over(viewer, pins, features):
    pin(pins, (0, 0)).name = "my places"
    pins.close()
    later = Pins(viewer)
    later.place(SHAPE, placement(features, 0))
    assert later.layer is None


@pytest.mark.parametrize(("shape", "size"), [((6, 5), 1), ((600, 2000), 50)])
def test_pins_can_be_seen_whatever_the_resolution_of_the_map(viewer, shape, size):
    pins = Pins(viewer)
    pins.place(shape, {})
    layer = pin(pins, (0, 0))
    assert layer.size[0] == size
    assert layer.canvas_size_limits == (4, 12)


def test_pins_can_be_dragged_by_less_than_a_pixel(pins):
    assert pin(pins, (0, 0)).data.dtype.kind == "f"


def test_points_that_the_user_pastes_are_pins(pins):
    layer = pin(pins, (0, 0), (1, 1))
    layer.selected_data = {1}
    copy, paste = (
        function
        for key, function in type(layer).class_keymap.items()
        if str(key) in ("Ctrl+C", "Ctrl+V")
    )
    copy(layer)
    paste(layer)
    assert pins.pixels == [(0, 0), (1, 1), (1, 1)]
    assert pins.colours == list(PALETTE[:3])


def test_the_pins_can_be_saved_with_napari(make_napari_viewer, tmp_path):
    pins = Pins(make_napari_viewer())
    pins.place(SHAPE, {})
    layer = pin(pins, (0, 0), (2, 3))
    [path] = layer.save(str(tmp_path / "references.csv"))
    rows = np.loadtxt(path, delimiter=",", skiprows=1)
    np.testing.assert_array_equal(rows[:, 1:], [(0, 0), (2, 3)])


def moved(layer, index, pixel):
    data = np.array(layer.data)
    data[index] = pixel
    layer.data = data


def test_undo_takes_changes_back_one_by_one(pins):
    pins.toggle((1, 2))
    pins.toggle((3, 4))
    colours = pins.colours
    pins.toggle((1, 2))
    pins.undo()
    assert (pins.pixels, pins.colours) == ([(1, 2), (3, 4)], colours)
    pins.undo()
    pins.undo()
    assert pins.pixels == []
    pins.undo()
    assert pins.pixels == []


def test_undo_takes_a_whole_drag_back(pins):
    pins.toggle((1, 2))
    pins.toggle((3, 4))
    for column in (3, 2, 1):
        moved(pins.layer, 1, (3, column))
    pins.undo()
    assert pins.pixels == [(1, 2), (3, 4)]


def test_undo_brings_a_deleted_layer_back(viewer, pins):
    pins.toggle((1, 2))
    viewer.layers.remove(pins.layer)
    pins.undo()
    assert pins.pixels == [(1, 2)]
    assert pins.layer in viewer.layers
