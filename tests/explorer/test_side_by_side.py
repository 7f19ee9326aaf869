from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from explorer_actions import CLOSE, expected_map, hover
from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.cell import LAYERS
from napari_ifealid.explorer.reference_ring import ReferenceRing
from napari_ifealid.explorer.schedulers import ImmediateScheduler
from napari_ifealid.explorer.side_by_side import SideBySide
from napari_ifealid.explorer.viewer_parts import camera, canvas_grid
from napari_ifealid.picture import PictureKind, stack_picture
from patient_scheduler import PatientScheduler


def position_in(grid, index, layers):
    """Return the row and the column of a layer's cell."""
    try:
        return grid.position(index, layers)
    except TypeError:  # napari 0.7 wants their number
        return grid.position(index, len(layers))


class Window:
    """Linked stacks of a cat, one of a dog, and layers of the user."""

    def __init__(self, viewer, add_stack, make_stack) -> None:
        self.viewer = viewer
        fine = make_stack("fine", shape=(24, 20, 4))
        coarse = replace(make_stack("coarse", shape=(6, 5, 9)), overlay=fine.overlay)
        dog = make_stack("dog", shape=(12, 10, 4), image=(48, 40))
        self.stacks = {stack.name: stack for stack in (fine, coarse, dog)}
        viewer.add_image(np.zeros((24, 20)), name="below")
        self.layers = {name: add_stack(viewer, stack) for name, stack in self.stacks.items()}
        self.explorer = Explorer(viewer)
        self.explorer.state.layer = self.layers["fine"]
        for name in ("coarse", "dog"):
            self.explorer.link(self.layers[name], 0)
        viewer.add_image(np.zeros((24, 20)), name="above", visible=False)
        self.side_by_side = SideBySide(viewer, self.explorer, ImmediateScheduler())

    def state(self):
        viewer = self.viewer
        grid, view = canvas_grid(viewer), camera(viewer)
        return (
            [(layer, layer.visible) for layer in viewer.layers],
            (grid.enabled, grid.stride, grid.shape, grid.spacing),
            (tuple(view.center), view.zoom),
            set(viewer.layers.selection),
        )

    def cells(self) -> list[list[str]]:
        """Return the visible layers of each cell of the grid, as napari fills it."""
        layers = self.viewer.layers
        names = {s.map_layer: "map" for s in self.explorer.sessions if s.map_layer is not None}
        found = {}
        for index, layer in enumerate(layers):
            if layer.visible:
                cell = position_in(canvas_grid(self.viewer), index, layers)
                found.setdefault(cell, []).append(names.get(layer, layer.name))
        return [found[cell] for cell in sorted(found)]

    def cell(self, name):
        return next(cell for cell in self.side_by_side.cells if cell.name == name)

    def move(self, name, *pixel) -> None:
        """Move the mouse to a pixel in the cell of a stack."""
        number = [cell.name for cell in self.side_by_side.cells].index(name)
        self.viewer.cursor.viewbox = divmod(number, 2)
        hover(self.viewer, self.layers[name], 0, *pixel)

    def click(self, name, *pixel) -> None:
        self.move(name, *pixel)
        place = self.layers[name].data_to_world((0, *pixel))
        event = SimpleNamespace(
            type="mouse_press", button=1, modifiers=(), pos=(0, 0), position=place, handled=False
        )
        started = [callback(self.viewer, event) for callback in self.viewer.mouse_drag_callbacks]
        for one in started:
            next(one, None)
        event.type = "mouse_release"
        for one in started:
            next(one, None)


@pytest.fixture
def window(viewer, add_stack, make_stack) -> Window:
    return Window(viewer, add_stack, make_stack)


def contents(name: str, *, has_map: bool = True) -> list[str]:
    return [f"{name} image", *(["map"] if has_map else []), f"{name} marks", f"{name} place"]


def test_each_stack_has_a_cell_with_its_image_its_map_its_name_and_a_cross_hair(window):
    window.side_by_side.show()
    assert window.cells() == [contents("fine"), contents("coarse"), contents("dog")]
    assert canvas_grid(window.viewer).shape == (2, 2)


def test_all_is_given_back_exactly(window):
    canvas_grid(window.viewer).shape = (3, 3)
    window.viewer.layers["below"].visible = False
    camera(window.viewer).zoom = 2.5
    before = window.state()
    window.side_by_side.show()
    assert window.state() != before
    window.side_by_side.hide()
    after = window.state()
    hidden = [session.map_layer for session in window.explorer.links.sessions]
    assert [pair for pair in after[0] if pair[0] not in hidden] == before[0]
    assert not any(layer.visible for layer in hidden)
    assert after[1:] == before[1:]
    before = window.state()
    window.side_by_side.show()
    window.side_by_side.hide()
    assert window.state() == before


def test_user_who_had_hidden_the_map_finds_it_hidden(window):
    window.explorer.map_layer.visible = False
    window.side_by_side.show()
    assert window.explorer.map_layer.visible
    window.side_by_side.hide()
    assert not window.explorer.map_layer.visible


def test_stack_explored_meanwhile_is_the_one_that_is_shown(window):
    window.side_by_side.show()
    window.explorer.state.layer = window.layers["coarse"]
    assert window.cells() == [contents("fine"), contents("coarse"), contents("dog")]
    window.side_by_side.hide()
    maps = {session.layer.name: session.map_layer for session in window.explorer.sessions}
    assert [name for name, layer in maps.items() if layer.visible] == ["coarse features"]
    assert window.viewer.layers["image under the map"].visible


def test_names_are_written_in_the_colour_of_the_theme(window):
    def colours():
        return [cell.layers[2].text.color.constant[:3].tolist() for cell in cells]

    window.side_by_side.show()
    cells = window.side_by_side.cells
    (light,) = {tuple(colour) for colour in colours()}
    window.viewer.theme = "light"
    (dark,) = {tuple(colour) for colour in colours()}
    assert sum(dark) < 1 < 2 < sum(light)


def test_maps_of_all_cells_follow_the_mouse_in_any_cell(window):
    window.side_by_side.show()
    for name, pixel, fine in [("fine", (9, 3), (9, 3)), ("coarse", (1, 4), (6, 18))]:
        window.move(name, *pixel)
        shown = window.explorer.sessions[0].map_layer.data
        fine = window.explorer.pixel
        np.testing.assert_allclose(shown, expected_map(window.stacks["fine"], fine), atol=CLOSE)
        coarse = tuple(n // 4 for n in fine)
        np.testing.assert_allclose(
            window.cell("coarse").session.map_layer.data,
            expected_map(window.stacks["coarse"], coarse),
            atol=CLOSE,
        )
        place = window.explorer.cursor.place
        for cell in ("fine", "coarse"):
            (row,) = window.cell(cell).layers[-1].data
            np.testing.assert_allclose(row, place[-2:])


def test_best_match_in_another_image_has_a_star_and_its_value(window):
    window.side_by_side.show()
    window.move("fine", 9, 3)
    cell = window.cell("dog")
    values = cell.session.map_layer.data
    (row,) = cell.layers[-1].data
    pixel = cell.session.grid.pixel_at(row)
    assert values[pixel] == values.max()
    assert list(cell.layers[2].features["text"]) == ["dog", f"{values.max():.3f}"]


def test_mouse_in_the_cell_of_another_image_compares_with_that_image(window):
    window.side_by_side.show()
    window.move("fine", 9, 3)
    window.move("dog", 2, 7)
    assert window.explorer.stack.name == "dog"
    assert window.explorer.pixel == (2, 7)
    np.testing.assert_allclose(
        window.explorer.map_layer.data, expected_map(window.stacks["dog"], (2, 7)), atol=CLOSE
    )
    (row,) = window.cell("dog").layers[-1].data
    np.testing.assert_allclose(row, window.explorer.cursor.place[-2:])


def test_held_reference_stays_when_the_mouse_is_in_the_cell_of_another_image(window):
    window.side_by_side.show()
    window.move("fine", 9, 3)
    window.explorer.state.follow = False
    window.move("dog", 2, 7)
    assert window.explorer.stack.name == "fine"
    assert window.explorer.pixel == (9, 3)


def test_click_pins_a_pixel_of_the_image_in_the_cell(window):
    window.side_by_side.show()
    window.click("dog", 2, 7)
    assert window.explorer.stack.name == "dog"
    ((pixel, pin),) = window.explorer.pinned
    assert pixel == (2, 7)
    rows = window.cell("dog").layers[2].data[1:]
    np.testing.assert_allclose(rows, [pin.place[-2:]])
    assert len(window.cell("fine").layers[2].data) == 2  # its name, and the value of the best
    assert window.cells() == [contents("fine"), contents("coarse"), contents("dog")]


def test_pins_made_side_by_side_are_seen_afterwards(window):
    window.side_by_side.show()
    window.click("fine", 2, 7)
    assert not window.explorer.pins.layer.visible  # the cells have marks of their own
    window.side_by_side.hide()
    assert window.explorer.pins.layer.visible
    window.explorer.pins.layer.visible = False
    window.side_by_side.show()
    window.side_by_side.hide()
    assert not window.explorer.pins.layer.visible


def test_stack_that_cannot_be_compared_says_why(window):
    window.side_by_side.show()
    window.explorer.state.layer = window.layers["dog"]
    text = window.cell("coarse").layers[2].features["text"][0]
    assert text == "coarse\nother features: 9, expected 4"
    assert np.isnan(window.cell("coarse").session.map_layer.data).all()


def test_layer_that_the_user_adds_has_a_cell_behind_the_others(window):
    window.side_by_side.show()
    added = window.viewer.add_image(np.zeros((24, 20)), name="added")
    cells = [contents("fine"), contents("coarse"), contents("dog"), ["added"]]
    assert window.cells() == cells
    window.viewer.layers["above"].visible = True
    assert window.cells()[:3] == cells[:3]
    window.viewer.layers.move(window.viewer.layers.index(added), len(window.viewer.layers))
    assert window.cells()[:3] == cells[:3]
    window.side_by_side.hide()
    assert added.visible


def test_unlinked_stack_has_no_cell_and_the_last_one_ends_it(window):
    window.side_by_side.show()
    window.explorer.unlink(window.layers["dog"])
    assert window.cells() == [contents("fine"), contents("coarse")]
    window.explorer.unlink(window.layers["coarse"])
    assert not window.side_by_side.is_shown
    assert not canvas_grid(window.viewer).enabled


def test_stack_linked_meanwhile_has_a_cell(window, add_stack, make_stack):
    window.side_by_side.show()
    layer = add_stack(
        window.viewer, replace(make_stack("new"), overlay=window.stacks["fine"].overlay)
    )
    window.explorer.link(layer, 0)
    assert contents("new") in window.cells()


def test_stacks_that_are_still_being_loaded_get_their_cells_later(viewer, add_stack, make_stack):
    scheduler, stack = PatientScheduler(), make_stack("one")
    layers = [add_stack(viewer, replace(stack, name=name)) for name in ("one", "other")]
    explorer = Explorer(viewer, scheduler)
    explorer.state.layer = layers[0]
    explorer.link(layers[1], 0)
    side_by_side = SideBySide(viewer, explorer, scheduler)
    side_by_side.show()
    assert side_by_side.cells == []
    scheduler.run()
    assert [cell.name for cell in side_by_side.cells] == ["one", "other"]
    side_by_side.close()
    explorer.close()


def test_layer_of_a_cell_that_the_user_removes_comes_back(window):
    window.side_by_side.show()
    window.viewer.layers.remove(window.cell("coarse").layers[0])
    assert window.cells() == [contents("fine"), contents("coarse"), contents("dog")]


def test_images_are_in_colour_or_in_grey(window):
    window.side_by_side.show()
    window.explorer.state.overlay_in_colour = True
    np.testing.assert_array_equal(
        window.cell("coarse").layers[0].data, window.stacks["coarse"].overlay
    )


def test_no_ring_is_drawn_beside_the_cross_hairs(window):
    ring = ReferenceRing(window.viewer, window.explorer)
    window.explorer.show_pixel((9, 3))
    assert ring.layer.visible
    window.side_by_side.show()
    window.explorer.show_pixel((9, 4))
    assert not ring.layer.visible
    window.side_by_side.hide()
    assert ring.layer.visible


def test_one_stack_is_not_shown_side_by_side(viewer, features):
    side_by_side = SideBySide(viewer, Explorer(viewer), ImmediateScheduler())
    before = list(viewer.layers)
    side_by_side.show()
    assert not side_by_side.is_shown
    assert list(viewer.layers) == before


def test_removing_all_layers_ends_it(window):
    scheduler = PatientScheduler()
    side_by_side = SideBySide(window.viewer, window.explorer, scheduler)
    side_by_side.show()
    window.viewer.layers.clear()
    scheduler.run_events()
    assert not side_by_side.is_shown
    assert list(window.viewer.layers) == []


def test_cells_leave_nothing_in_the_memory(window):
    window.side_by_side.show()
    layers = [weakref.ref(layer) for cell in window.side_by_side.cells for layer in cell.own_layers]
    assert len(layers) == 3 * LAYERS
    window.side_by_side.close()
    gc.collect()
    assert not any(one() is not None for one in layers)


def test_cells_show_pictures_of_bands_and_follow_the_choice(viewer, add_stack, make_stack):
    labels = [f"{440 + 30 * number} nm" for number in range(9)]
    for name in ("one", "two"):
        stack = replace(make_stack(name, image=None), feature_labels=labels)
        add_stack(viewer, stack)
    explorer = Explorer(viewer)
    one, two = viewer.layers["one features"], viewer.layers["two features"]
    explorer.state.layer = one
    explorer.link(two, 0)
    side_by_side = SideBySide(viewer, explorer, ImmediateScheduler())
    side_by_side.show()
    explorer.state.overlay_in_colour = True
    for cell, name in zip(side_by_side.cells, ("one", "two"), strict=True):
        expected = stack_picture(cell.session.stack, PictureKind.TRUE_COLOUR)
        assert cell.name == name
        np.testing.assert_array_equal(cell.layers[0].data, expected)
    explorer.pictures.choose(two, PictureKind.NONE)
    assert [cell.layers[0].visible for cell in side_by_side.cells] == [True, False]
    explorer.pictures.choose(two, PictureKind.MEAN)
    assert [cell.layers[0].visible for cell in side_by_side.cells] == [True, True]
    side_by_side.hide()
