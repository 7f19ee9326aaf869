from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari.layers import Image, Layer

from napari_ifealid.explorer.session_capture import placement_of
from napari_ifealid.explorer.sources import grid_of
from napari_ifealid.layers import layer_data
from napari_ifealid.session_files import SavedStack
from napari_ifealid.session_files.grids import saved_grid
from napari_ifealid.stack import FeatureStack, Placement, StackSource

STACK = FeatureStack(values=np.ones((6, 5, 9)), name="ones")
numbers = st.floats(-9, 9)
factors = st.floats(0.1, 9)


def features(stack: FeatureStack) -> Image:
    return Layer.create(*layer_data(stack)[-1])


def saved(stack: FeatureStack, layer: Image | None = None) -> SavedStack:
    placement = None if layer is None else placement_of(layer)
    return SavedStack(StackSource("/a.npy"), stack.values.shape, placement)


@pytest.mark.parametrize("placement", [None, Placement((4.0, 3.0), (1.5, 2.0))])
def test_grid_of_an_untouched_layer_is_that_of_the_window(placement):
    stack = FeatureStack(values=STACK.values, name="a", placement=placement)
    grid = saved_grid(saved(stack), stack)
    np.testing.assert_allclose(grid.affine, grid_of(features(stack), 0).affine)


@given(
    st.tuples(factors, factors),
    st.tuples(numbers, numbers),
    st.floats(-180, 180),
    numbers,
    st.tuples(factors, numbers, factors, numbers),
)
def test_grid_of_a_moved_layer_is_that_of_the_window(scale, translate, angle, shear, affine):
    layer = features(STACK)
    layer.scale, layer.translate = (1.0, *scale), (0.0, *translate)
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    layer.rotate = [[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]]
    layer.shear = [0.0, 0.0, shear]
    first, skew, second, shift = affine
    layer.affine = [[1, 0, 0, 0], [0, first, skew, shift], [0, 0, second, 0], [0, 0, 0, 1]]
    grid, window = saved_grid(saved(STACK, layer), STACK), grid_of(layer, 0)
    np.testing.assert_allclose(grid.affine, window.affine, rtol=1e-6, atol=1e-6)
    assert (grid.shape, grid.axes) == (window.shape, window.axes)
