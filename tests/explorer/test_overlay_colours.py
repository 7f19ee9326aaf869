from __future__ import annotations

from dataclasses import replace

import numpy as np
from napari.components import ViewerModel

from napari_ifealid.explorer.overlay_colours import show_overlay


def is_grey(image: np.ndarray) -> bool:
    return bool((image == image[..., :1]).all())


def test_image_is_shown_in_grey_and_in_colour(add_stack, stack):
    viewer = ViewerModel()
    add_stack(viewer, stack)
    show_overlay(viewer.layers, stack, in_colour=False)
    assert is_grey(viewer.layers[0].data)
    show_overlay(viewer.layers, stack, in_colour=True)
    np.testing.assert_array_equal(viewer.layers[0].data, stack.overlay)


def test_stacks_of_one_image_share_its_layer(add_stack, stack):
    viewer = ViewerModel()
    add_stack(viewer, stack)
    other = replace(stack, values=stack.values[::2, ::2], name="coarse")
    show_overlay(viewer.layers, other, in_colour=False)
    assert is_grey(viewer.layers[0].data)


def test_image_of_another_stack_stays(add_stack, stack):
    viewer = ViewerModel()
    add_stack(viewer, stack)
    for overlay in (None, stack.overlay.copy()):
        show_overlay(viewer.layers, replace(stack, overlay=overlay), in_colour=False)
    np.testing.assert_array_equal(viewer.layers[0].data, stack.overlay)


def test_features_are_never_turned_grey(add_stack, stack):
    viewer = ViewerModel()
    features = add_stack(viewer, stack)
    show_overlay(viewer.layers, stack, in_colour=False)
    np.testing.assert_array_equal(features.data, np.moveaxis(stack.values, -1, 0))
