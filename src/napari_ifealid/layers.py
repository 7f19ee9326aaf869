"""A feature stack as napari layers: what the layers are and where they lie."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_ifealid.stack import FeatureStack

STACK_KEY = "feature_stack"
"""Where a layer's metadata holds the FeatureStack that it shows."""

LayerData = tuple[Any, dict[str, Any], str]


def layer_data(stack: FeatureStack) -> list[LayerData]:
    """Return the overlay, where there is one, and the features as napari layer tuples.

    World coordinates are the image's pixels. Unless the stack tells its place on the image, the
    outer edges of the overlay and of the features meet. Without an overlay, world coordinates are
    the features' own pixels then.

    Parameters
    ----------
    stack : FeatureStack

    Returns
    -------
    list of (data, keyword arguments, layer type)
        The overlay as an RGB image; the features as an image of shape (C, ...), a view of the
        stack's values, hidden at first.
    """
    scale, translate = _placement(stack)
    features = {
        "name": f"{stack.name} features",
        "metadata": {STACK_KEY: stack},
        "rgb": False,  # else napari takes a last axis of 3 or 4 pixels for colours
        "multiscale": False,
        "visible": False,
        "axis_labels": ("feature", *_axis_labels(len(scale))),
        "scale": (1.0, *scale),
        "translate": (0.0, *translate),
    }
    if stack.values.dtype == np.uint8:
        features["contrast_limits"] = (0, 255)  # saves napari a look at all the values
    layers: list[LayerData] = [(np.moveaxis(stack.values, -1, 0), features, "image")]
    if stack.overlay is not None:
        overlay = {
            "name": f"{stack.name} overlay",
            "metadata": {STACK_KEY: stack},
            "rgb": True,
            "multiscale": False,
        }
        layers.insert(0, (stack.overlay, overlay, "image"))
    return layers


def _axis_labels(count: int) -> list[str]:
    return [f"axis {number}" for number in range(count - 4)] + list("tzyx"[-count:])


def _placement(stack: FeatureStack) -> tuple[list[float], list[float]]:
    """Return scale and translation along each spatial axis."""
    if stack.placement is not None:
        leading = len(stack.spatial_shape) - 2
        return [1.0] * leading + [*stack.placement.stride], [0.0] * leading + [
            *stack.placement.offset
        ]
    scale = [1.0] * len(stack.spatial_shape)
    if stack.overlay is not None:
        map_size = stack.spatial_shape[-2:]
        scale[-2:] = [o / m for o, m in zip(stack.overlay.shape[:2], map_size, strict=True)]
    # napari places a pixel by its centre: half a large pixel less half a small one
    return scale, [(factor - 1.0) / 2.0 for factor in scale]
