"""Napari image layers as feature stacks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import psutil
from dask.base import is_dask_collection
from napari.components import ViewerModel
from napari.layers import Image, Layer

from napari_ifealid.engines.blockwise import block_chunks
from napari_ifealid.layers import STACK_KEY
from napari_ifealid.stack import FEATURE_AXIS_NAMES, FeatureStack

SIMILARITY_KEY = "similarity_of"
"""Where the metadata of a similarity layer holds the name of the layer compared."""

SIMILARITY_NAME = "similarity"

_SHARE_OF_MEMORY = 0.5  # of what is free; the rest is for the map, its preview and napari


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
    return next((axis for axis, name in enumerate(names) if name in FEATURE_AXIS_NAMES), 0)


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
        The one that the layer was opened from, where there is one; else a view of its data. What
        is read from disk is read now if it takes little of the memory, else its values are a dask
        array.

    Raises
    ------
    DatasetError
        If the data can't be a feature stack.
    """
    data = layer.data[0] if layer.multiscale else layer.data
    opened: FeatureStack | None = None if layer.rgb else layer.metadata.get(STACK_KEY)
    if opened is not None and feature_axis == 0 and _shows(data, opened):
        stack = opened
    else:
        stack = FeatureStack(values=np.moveaxis(_as_array(data), feature_axis, -1), name=layer.name)
    values = _where_it_fits(stack.values)
    return stack if values is stack.values else replace(stack, values=values)


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
    if stack.is_on_disk:
        shown: Any = np.moveaxis(stack.values, -1, 0)
        return bool(getattr(data, "name", None) == shown.name)
    return isinstance(data, np.ndarray) and (
        data.shape == (stack.feature_count, *stack.spatial_shape)
        and np.may_share_memory(data, stack.values)
    )


def _as_array(data: Any) -> Any:
    """Return a NumPy or dask array of a layer's data."""
    if isinstance(data, np.ndarray) or is_dask_collection(data):
        return data
    return _as_dask_array(data) if hasattr(data, "chunks") else np.asarray(data)


def _where_it_fits(values: Any) -> Any:
    """Return values in memory if they take little of it, else as a dask array."""
    is_file = isinstance(values, np.memmap)
    if isinstance(values, np.ndarray) and not is_file:
        return values
    if values.nbytes <= _SHARE_OF_MEMORY * psutil.virtual_memory().available:
        return values if is_file else np.asarray(values)
    return _as_dask_array(values, name=False, chunks=block_chunks(values)) if is_file else values


def _as_dask_array(array: Any, **options: Any) -> Any:
    from dask.array import from_array  # takes long to import

    return from_array(array, **options)  # type: ignore[no-untyped-call]
