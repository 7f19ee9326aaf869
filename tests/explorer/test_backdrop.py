from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.backdrop import BACKDROP_NAME
from napari_ifealid.stack import FeatureStack, Placement


@pytest.fixture
def explorer(viewer, features) -> Explorer:
    return Explorer(viewer)


def backdrop(viewer) -> Image | None:
    return next((layer for layer in viewer.layers if layer.name == BACKDROP_NAME), None)


def corners(layer: Image) -> np.ndarray:
    """Return the outer edges of a layer's image in the world, along y and x."""
    return np.asarray(layer.extent.world)[:, -2:]


def test_image_is_right_under_the_map_in_the_place_of_the_opened_one(viewer, explorer):
    names = [layer.name for layer in viewer.layers]
    assert names == ["small overlay", "small features", BACKDROP_NAME, "similarity"]
    np.testing.assert_allclose(corners(backdrop(viewer)), corners(viewer.layers["small overlay"]))
    assert backdrop(viewer).visible


def test_grey_is_the_luminance_and_colours_are_exact(viewer, explorer, stack):
    luminance = stack.overlay @ (0.2126, 0.7152, 0.0722)
    np.testing.assert_allclose(backdrop(viewer).data[..., 1], luminance, atol=0.5)
    explorer.state.overlay_in_colour = True
    np.testing.assert_array_equal(backdrop(viewer).data, stack.overlay)
    explorer.state.overlay_in_colour = False
    np.testing.assert_allclose(backdrop(viewer).data[..., 1], luminance, atol=0.5)


def test_image_moves_along_with_the_features(viewer, explorer, features):
    before = corners(backdrop(viewer))
    features.translate = np.add(features.translate, (0, 10, -5))
    np.testing.assert_allclose(corners(backdrop(viewer)), np.add(before, (10, -5)))
    features.rotate = 90
    features.scale = (1, 8, 8)
    features_world = features.data_to_world((0, 2, 3))[1:]
    image = backdrop(viewer)
    np.testing.assert_allclose(image.data_to_world((9.5, 13.5)), features_world)


def test_image_of_a_stack_with_a_place_of_its_own_is_where_it_belongs(viewer, add_stack):
    values = np.random.default_rng(0).random((3, 4, 5)).astype(np.float32)
    overlay = np.zeros((40, 50, 3), np.uint8)
    placement = Placement((8.0, 8.0), (5.0, 7.0))
    add_stack(viewer, FeatureStack(values=values, name="x", overlay=overlay, placement=placement))
    Explorer(viewer)
    np.testing.assert_allclose(backdrop(viewer).data_to_world((5, 7)), (5, 7))


def test_image_of_a_volume_is_shown_in_each_slice(viewer, add_stack):
    values = np.random.default_rng(0).random((3, 4, 5, 6)).astype(np.float32)
    add_stack(viewer, FeatureStack(values=values, name="x", overlay=np.ones((8, 10, 3), np.uint8)))
    Explorer(viewer)
    assert backdrop(viewer).ndim == 2


def test_stack_without_an_image_has_none(viewer, add_stack, make_stack):
    add_stack(viewer, make_stack("plain", image=None))
    Explorer(viewer)
    assert backdrop(viewer) is None


def test_photo_whose_colours_are_compared_is_its_own_image(viewer):
    viewer.add_image(np.zeros((8, 9, 3), np.uint8), rgb=True)
    Explorer(viewer)
    assert backdrop(viewer) is None


def test_photo_under_another_is_shown_over_it_while_it_is_compared(viewer):
    lower = viewer.add_image(np.full((8, 9, 3), 7, np.uint8), rgb=True, name="lower")
    viewer.add_image(np.zeros((8, 9, 3), np.uint8), rgb=True, name="upper")
    explorer = Explorer(viewer)
    explorer.state.layer = lower
    np.testing.assert_array_equal(backdrop(viewer).data, lower.data)
    assert viewer.layers.index(backdrop(viewer)) > viewer.layers.index("upper")


def test_image_that_the_user_removes_stays_away(viewer, explorer, features):
    viewer.layers.remove(backdrop(viewer))
    assert explorer.map_layer in viewer.layers
    assert viewer.layers["small overlay"].visible
    explorer.state.overlay_in_colour = True
    assert backdrop(viewer) is None


def test_opened_images_are_hidden_only_while_a_stack_is_explored(viewer, explorer):
    assert not viewer.layers["small overlay"].visible
    explorer.state.layer = None
    assert viewer.layers["small overlay"].visible
    assert backdrop(viewer) is None


def test_image_that_the_user_had_hidden_stays_hidden(viewer, features):
    viewer.layers["small overlay"].visible = False
    Explorer(viewer).close()
    assert not viewer.layers["small overlay"].visible


def test_image_opened_later_is_hidden_too(viewer, explorer, features, add_stack, make_stack):
    add_stack(viewer, make_stack("other"))
    explorer.state.layer = features
    shown = [layer.name for layer in viewer.layers if layer.visible]
    assert shown == [BACKDROP_NAME, "similarity"]
