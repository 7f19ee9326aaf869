from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels, Points, Shapes

from napari_ifealid.explorer import CLEAR_KEY, FOLLOW_KEY, KEYS, LIBRARY_KEY, SIGN_KEY, Explorer
from napari_ifealid.explorer.gestures import ARROW_STEPS, UNDO_KEY
from napari_ifealid.stack import FeatureStack


@pytest.fixture
def explorer(viewer, add_stack, stack):
    add_stack(viewer, stack)
    return Explorer(viewer)


def press(viewer: ViewerModel, key: str) -> None:
    bound = {str(binding): function for binding, function in viewer.keymap.items()}
    bound[key](viewer)


def keys(viewer: ViewerModel) -> set[str]:
    return {str(binding) for binding in viewer.keymap}


def click(viewer, explorer, pixel, drag=0.0, button=1, modifiers=(), handled=False) -> None:
    """Press, move by so many canvas pixels and release, as napari tells of it."""
    event = SimpleNamespace(
        position=explorer.session.grid.moved_to(viewer.dims.point, pixel),
        pos=np.zeros(2),
        button=button,
        modifiers=modifiers,
        type="mouse_press",
        handled=handled,
    )
    generators = [callback(viewer, event) for callback in viewer.mouse_drag_callbacks]
    for kind, pos in [(None, 0.0), ("mouse_move", drag), ("mouse_release", drag)]:
        if kind is not None:
            event.type, event.pos = kind, np.array([pos, 0.0])
        generators = [g for g in generators if next(g, "ended") != "ended"]


def pinned(explorer: Explorer) -> list[tuple[int, ...]]:
    return [pixel for pixel, _ in explorer.pinned]


def test_follow_key_holds_and_lets_go(viewer, explorer):
    press(viewer, FOLLOW_KEY)
    assert not explorer.state.follow
    press(viewer, FOLLOW_KEY)
    assert explorer.state.follow


def test_library_key_adds_the_pixel_under_the_cursor(viewer, explorer):
    explorer.show_pixel((2, 3))
    press(viewer, LIBRARY_KEY)
    assert [entry.pixel for entry in explorer.library.entries] == [(2, 3)]


@pytest.mark.parametrize(
    ("key", "pixel"), [("Up", (2, 2)), ("Down", (4, 2)), ("Left", (3, 1)), ("Right", (3, 3))]
)
def test_arrow_keys_move_the_held_reference_by_one_pixel(viewer, explorer, key, pixel):
    explorer.state.follow = False
    press(viewer, key)
    assert explorer.pixel == pixel
    assert explorer.map_layer.data[pixel] == 1.0


def test_arrow_keys_stop_at_the_edges(viewer, explorer):
    explorer.state.follow = False
    explorer.show_pixel((0, 4))
    press(viewer, "Up")
    press(viewer, "Right")
    assert explorer.pixel == (0, 4)


def test_arrow_keys_are_naparis_own_while_following(viewer, explorer):
    assert not keys(viewer) & {*ARROW_STEPS, "Escape"}
    explorer.state.follow = False
    assert keys(viewer) >= {*ARROW_STEPS, "Escape"}
    press(viewer, "Escape")
    assert explorer.state.follow
    assert not keys(viewer) & {*ARROW_STEPS, "Escape"}


def test_click_pins_a_pixel_and_a_click_on_the_pin_removes_it(viewer, explorer):
    click(viewer, explorer, (1, 2))
    click(viewer, explorer, (4, 3))
    assert pinned(explorer) == [(1, 2), (4, 3)]
    click(viewer, explorer, (1, 2))
    assert pinned(explorer) == [(4, 3)]


def test_a_hand_that_trembles_still_clicks_and_a_drag_does_not(viewer, explorer):
    click(viewer, explorer, (1, 2), drag=2)
    assert pinned(explorer) == [(1, 2)]
    click(viewer, explorer, (4, 3), drag=20)
    assert pinned(explorer) == [(1, 2)]


@pytest.mark.parametrize("how", [{"button": 2}, {"modifiers": ("Shift",)}])
def test_other_buttons_and_modifiers_are_naparis(viewer, explorer, how):
    click(viewer, explorer, (1, 2), **how)
    assert pinned(explorer) == []


def test_click_outside_of_the_picture_pins_nothing(viewer, explorer):
    click(viewer, explorer, (-3, 2))
    assert pinned(explorer) == []


def test_naparis_tools_for_points_keep_their_clicks(viewer, explorer):
    click(viewer, explorer, (1, 2))
    viewer.layers.selection.active = viewer.layers["references"]
    viewer.layers["references"].mode = "add"
    click(viewer, explorer, (4, 3))
    assert pinned(explorer) == [(1, 2)]


@pytest.mark.parametrize(
    ("layer", "mode"),
    [
        (lambda: Labels(np.zeros((6, 5), int)), "paint"),
        (lambda: Labels(np.zeros((6, 5), int)), "pick"),
        (lambda: Shapes(ndim=2), "add_polygon"),
        (lambda: Points(ndim=2), "add"),
    ],
)
def test_tools_of_other_layers_keep_their_clicks(viewer, explorer, layer, mode):
    viewer.layers.selection.active = viewer.add_layer(layer())
    viewer.layers.selection.active.mode = mode
    click(viewer, explorer, (4, 3))
    assert pinned(explorer) == []
    viewer.layers.selection.active.mode = "pan_zoom"
    click(viewer, explorer, (4, 3))
    assert pinned(explorer) == [(4, 3)]


def test_click_that_something_else_has_handled_pins_nothing(viewer, explorer):
    click(viewer, explorer, (4, 3), handled=True)
    assert pinned(explorer) == []


@pytest.mark.parametrize(
    ("key", "pixel"),
    [("Up", (0, 2, 2)), ("Down", (2, 2, 2)), ("Left", (1, 2, 1)), ("Right", (1, 2, 3))],
)
def test_arrow_keys_step_along_the_axes_that_are_displayed(viewer, add_stack, key, pixel):
    values = np.random.default_rng(0).random((4, 6, 5, 3)).astype(np.float32)
    add_stack(viewer, FeatureStack(values=values, name="volume"))
    viewer.dims.order = (0, 2, 1, 3)
    explorer = Explorer(viewer)
    explorer.state.follow = False
    explorer.show_pixel((1, 2, 2))
    press(viewer, key)
    assert explorer.pixel == pixel


def test_a_key_clears_the_pins(viewer, explorer):
    click(viewer, explorer, (1, 2))
    click(viewer, explorer, (4, 3))
    press(viewer, CLEAR_KEY)
    assert pinned(explorer) == []


def test_a_key_takes_the_last_change_of_the_pins_back(viewer, explorer):
    click(viewer, explorer, (1, 2))
    click(viewer, explorer, (4, 3))
    press(viewer, CLEAR_KEY)
    undo = next(key for key in keys(viewer) if key.endswith("Z"))
    press(viewer, undo)
    assert pinned(explorer) == [(1, 2), (4, 3)]
    press(viewer, undo)
    assert pinned(explorer) == [(1, 2)]


def test_keys_clash_with_none_of_naparis_viewer_keys(explorer):
    from napari.utils.shortcuts import default_shortcuts

    taken = {
        str(binding)
        for name, bindings in default_shortcuts.items()
        for binding in bindings
        if name not in ("napari:increment_dims_left", "napari:increment_dims_right")
    }
    # Escape ends a shape or polygon only while one of those layers is edited
    assert not taken & ({FOLLOW_KEY, CLEAR_KEY} | set(ARROW_STEPS))


def test_every_key_is_explained():
    assert set(KEYS) == {
        FOLLOW_KEY,
        CLEAR_KEY,
        SIGN_KEY,
        LIBRARY_KEY,
        UNDO_KEY,
        "Escape",
        "Arrow keys",
    }


def test_closed_explorer_gives_keys_and_clicks_back(viewer, add_stack, stack):
    add_stack(viewer, stack)
    before = keys(viewer), list(viewer.mouse_drag_callbacks)
    explorer = Explorer(viewer)
    explorer.state.follow = False
    explorer.close()
    assert (keys(viewer), list(viewer.mouse_drag_callbacks)) == before


def test_key_changes_the_sign_of_the_pin_under_the_cursor(viewer, explorer):
    explorer.toggle_pin_at((1, 1))
    explorer.toggle_pin_at((2, 2))
    explorer.show_pixel((2, 2))
    press(viewer, SIGN_KEY)
    assert [pin.sign for pin in explorer.pins.pins] == [1, -1]
    press(viewer, SIGN_KEY)
    explorer.show_pixel((4, 4))
    press(viewer, SIGN_KEY)
    assert [pin.sign for pin in explorer.pins.pins] == [1, 1]
