"""What a test does with an explorer, and what it expects of it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from napari.components import ViewerModel
from napari.layers import Layer

from napari_ifealid.measures import SPECTRAL_ANGLE, Measure
from napari_ifealid.stack import FeatureStack

CLOSE = 5e-5
"""What a map may be off by, a float32 of the spectral angle."""


def hover(viewer: ViewerModel, layer: Layer, *pixel: float) -> None:
    """Move the cursor over the slice that is shown, as napari tells it."""
    world = list(viewer.dims.point)
    place = layer.data_to_world(pixel)
    for axis in viewer.dims.displayed:
        world[axis] = place[axis - viewer.dims.ndim]
    for callback in viewer.mouse_move_callbacks:
        callback(viewer, SimpleNamespace(position=tuple(world)))


def expected_map(
    stack: FeatureStack, *pixels: tuple[int, ...], measure: Measure = SPECTRAL_ANGLE
) -> np.ndarray:
    """Return the map of the best of some pixels, by the measure's own definition."""
    values = stack.real_values(np.asarray(stack.values))
    maps = [measure.definition(values, stack.vector(pixel)) for pixel in pixels]
    return np.max(maps, axis=0)
