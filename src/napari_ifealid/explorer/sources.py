"""Napari image layers as feature stacks."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Layer

from napari_ifealid.errors import DatasetError
from napari_ifealid.layers import STACK_KEY
from napari_ifealid.memory import check_memory
from napari_ifealid.stack import FeatureStack

SIMILARITY_KEY = "similarity_of"
"""Where the metadata of a similarity layer holds the name of the layer compared."""

SIMILARITY_NAME = "similarity"

_FEATURE_AXIS_NAMES = {"c", "channel", "channels", "feature", "features", "band", "bands"}


def has_features(layer: Layer) -> bool:
    """Tell whether a layer can be compared: an image with an axis for features."""
    return (
        isinstance(layer, Image)
        and (layer.rgb or layer.ndim >= 3)
        and SIMILARITY_KEY not in layer.metadata
    )


def is_feature_layer(layer: Layer) -> bool:
    """Tell whether a layer shows the features of a stack that was opened as such."""
    return has_features(layer) and not layer.rgb and STACK_KEY in layer.metadata


def choose_layer(viewer: ViewerModel) -> Image | None:
    """Return the layer to explore first: a stack opened as such, else the active image."""
    active = viewer.layers.selection.active
    layers = sorted(filter(has_features, viewer.layers), key=lambda layer: layer != active)
    return next((layer for layer in layers if is_feature_layer(layer)), next(iter(layers), None))


def left_behind_maps(viewer: ViewerModel) -> list[Layer]:
    """Return the maps of an explorer closed before. One that the user has renamed is kept."""
    return [
        layer
        for layer in viewer.layers
        if SIMILARITY_KEY in layer.metadata and layer.name == SIMILARITY_NAME
    ]


def guess_feature_axis(layer: Image) -> int:
    """Return the axis that the layer's axis labels call features; else the first."""
    if layer.rgb:
        return -1
    names = [str(label).lower() for label in layer.axis_labels]
    return next((axis for axis, name in enumerate(names) if name in _FEATURE_AXIS_NAMES), 0)


def feature_stack(layer: Image, feature_axis: int) -> FeatureStack:
    """Return the features of a layer as a stack.

    Parameters
    ----------
    layer : napari Image layer
    feature_axis : int
        Axis of the layer's data along which the features lie.

    Returns
    -------
    FeatureStack
        The one that the layer was opened from, where there is one; else a view of its data.

    Raises
    ------
    DatasetError
        If the data can't be a feature stack or don't fit the memory.
    """
    data = layer.data[0] if layer.multiscale else layer.data
    opened: FeatureStack | None = None if layer.rgb else layer.metadata.get(STACK_KEY)
    if opened is not None and feature_axis == 0 and _shows(data, opened):
        return opened
    return FeatureStack(
        values=np.moveaxis(_in_memory(data, layer.name), feature_axis, -1), name=layer.name
    )


def placement(layer: Image, feature_axis: int) -> dict[str, Any]:
    """Return where in the world a layer's pixels lie, without the feature axis.

    Returns
    -------
    dict
        ``scale``, ``translate`` and ``affine`` for a layer of the spatial axes.
    """
    axes = list(range(layer.ndim))
    if not layer.rgb:
        del axes[feature_axis]
    scale, translate = layer.scale[axes], layer.translate[axes]
    origin = np.asarray(layer.data_to_world(np.zeros(layer.ndim)))
    steps = [layer.data_to_world(row) - origin for row in np.eye(layer.ndim)[axes]]
    total = np.eye(len(axes) + 1)
    total[:-1, :-1] = np.array(steps)[:, axes].T
    total[:-1, -1] = origin[axes]
    own = np.eye(len(axes) + 1)
    own[:-1, :-1] = np.diag(scale)
    own[:-1, -1] = translate
    return {"scale": scale, "translate": translate, "affine": total @ np.linalg.inv(own)}


def _shows(data: Any, stack: FeatureStack) -> bool:
    """Tell whether a layer still has the data that it was opened with."""
    return isinstance(data, np.ndarray) and (
        data.shape == (stack.feature_count, *stack.spatial_shape)
        and np.may_share_memory(data, stack.values)
    )


def _in_memory(data: Any, name: str) -> np.ndarray[Any, Any]:
    if not isinstance(data, np.ndarray):
        try:
            check_memory(int(np.prod(data.shape)) * np.dtype(data.dtype).itemsize)
        except DatasetError as error:
            raise error.inside(name) from error
    return np.asarray(data)
