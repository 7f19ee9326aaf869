from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image

from napari_ifealid.explorer.viewer_parts import camera, canvas_grid
from napari_ifealid.explorer.window_order import WindowOrder, put_on_top


@pytest.fixture
def layers(viewer):
    for name in "abcd":
        viewer.add_image(np.zeros((4, 5)), name=name, visible=name != "b")
    return viewer.layers


def names(layers) -> str:
    return "".join(layer.name for layer in layers)


def test_order_visibility_selection_grid_and_view_are_given_back(viewer, layers):
    layers.selection = {layers["b"]}
    canvas_grid(viewer).shape = (3, 2)
    camera(viewer).center, camera(viewer).zoom = (0, 1, 2), 3.5
    before = WindowOrder(viewer)
    for layer in layers:
        layer.visible = layer.name == "b"
    put_on_top(viewer, [layers["c"], layers["a"]])
    grid = canvas_grid(viewer)
    grid.enabled, grid.stride, grid.shape, grid.spacing = True, -4, (1, 2), 7
    camera(viewer).center, camera(viewer).zoom = (9, 9, 9), 1.0
    before.restore_visibility(but=())
    before.restore_order()
    assert names(layers) == "abcd"
    assert [layer.visible for layer in layers] == [True, False, True, True]
    assert layers.selection == {layers["b"]}
    assert (grid.enabled, grid.stride, grid.shape, grid.spacing) == (False, 1, (3, 2), 0.0)
    assert (tuple(camera(viewer).center), camera(viewer).zoom) == ((0, 1, 2), 3.5)


def test_layers_that_others_show_or_hide_are_left_alone(viewer, layers):
    before = WindowOrder(viewer)
    for layer in layers:
        layer.visible = False
    before.restore_visibility(but=[layers["a"]])
    assert [layer.visible for layer in layers] == [False, False, True, True]


def test_layer_that_was_hidden_when_it_came_is_shown_where_it_is(viewer, layers):
    before = WindowOrder(viewer)
    layers.insert(1, Image(np.zeros((4, 5)), name="x"))
    before.hide(layers["x"])
    assert not layers["x"].visible
    before.restore_visibility(but=())
    before.restore_order()
    assert layers["x"].visible
    assert names(layers) == "axbcd"


def test_new_layers_stay_below_the_same_layer_and_removed_ones_are_forgotten(viewer, layers):
    before = WindowOrder(viewer)
    layers.remove("c")
    layers.insert(1, Image(np.zeros((4, 5)), name="x"))
    viewer.add_image(np.zeros((4, 5)), name="y")
    put_on_top(viewer, [layers["a"]])
    before.restore_order()
    assert [name for name in names(layers) if name in "abd"] == ["a", "b", "d"]
    assert set(names(layers)) == set("abdxy")


@pytest.mark.parametrize("wanted", ["", "d", "ba", "acdb", "bca", "dcba"])
def test_layers_are_put_on_top_in_their_order(viewer, layers, wanted):
    put_on_top(viewer, [layers[name] for name in wanted])
    assert names(layers).endswith(wanted)
    rest = names(layers).removesuffix(wanted)
    assert rest == "".join(sorted(rest))
