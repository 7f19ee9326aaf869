"""Napari image layers as feature stacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from dask.base import is_dask_collection
from napari.components import ViewerModel
from napari.layers import Image, Layer
from numpy.typing import NDArray

from napari_ifealid.formats.file_array import mapped_file_array
from napari_ifealid.grid import Grid
from napari_ifealid.layers import STACK_KEY
from napari_ifealid.lazy_arrays import Uncopied, block_chunks, lazy
from napari_ifealid.memory import fits_memory
from napari_ifealid.stack import FeatureStack

MAP_KEY = "similarity_of"
"""Where the metadata of a map layer hold the name of the layer compared."""

MAP_NAME = "similarity"
SHARP_NAME = "sharp similarity"

BACKDROP_KEY = "image_under_the_map"
"""The metadata of the plugin's own copy of an original image hold this key."""

OVERVIEW_KEY = "overview_of"
"""The metadata of a picture of a whole stack, or of its segments, hold this key."""


def has_features(layer: Layer) -> bool:
    """Return whether a layer can be compared: an image with an axis for features."""
    return (
        isinstance(layer, Image)
        and (layer.rgb or layer.ndim >= 3)
        and not {MAP_KEY, BACKDROP_KEY, OVERVIEW_KEY} & layer.metadata.keys()
    )


def is_feature_layer(layer: Layer) -> bool:
    """Return whether a layer shows the features of a stack that was opened as such."""
    return isinstance(layer, Image) and not layer.rgb and STACK_KEY in layer.metadata


def is_opened_overlay(layer: Layer) -> bool:
    """Return whether a layer is an original image that was opened along with its stack."""
    return isinstance(layer, Image) and bool(layer.rgb) and STACK_KEY in layer.metadata


def opened_stack(layer: Layer) -> FeatureStack | None:
    """Return the stack that a layer of features was opened from, if it still has its values."""
    if not is_feature_layer(layer):
        return None
    stack: FeatureStack = layer.metadata[STACK_KEY]
    return stack if _shows(full_data(layer), stack) else None


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
        if MAP_KEY in layer.metadata and layer.name in (MAP_NAME, SHARP_NAME)
    ]


def layer_shape(layer: Image) -> tuple[int, ...]:
    """Return the shape of a layer's data at full resolution."""
    shape: tuple[int, ...] = tuple(full_data(layer).shape)
    return shape


def full_data(layer: Image) -> Any:
    """Return a layer's data at full resolution."""
    return layer.data[0] if layer.multiscale else layer.data


def units_along(layer: Layer, axes: Sequence[int]) -> tuple[str, ...]:
    """Return the names of a layer's units along some axes of the world, counted from the last."""
    return tuple(str(layer.units[axis]) for axis in axes)


def feature_stack(data: Any, opened: FeatureStack | None, axis: int, name: str) -> FeatureStack:
    """Return an image's features as a stack.

    Parameters
    ----------
    data : array
        Of the layer.
    opened : FeatureStack or None
        The stack that the layer was opened from.
    axis : int
        Axis of the data along which the features lie.
    name : str
        Of the layer.

    Returns
    -------
    FeatureStack
        The one that the layer was opened from, where it still shows that; else a view of its data.
        What is read from somewhere is read now if it takes little of the memory, else its values
        are a dask array.

    Raises
    ------
    DatasetError
        If the data can't be a feature stack.
    """
    if opened is not None and axis == 0 and _shows(data, opened):
        stack = opened
    else:
        storage = {} if opened is None or not _shows(data, opened) else opened.storage
        values = np.moveaxis(as_array(data, axis), axis, -1)
        stack = FeatureStack(values=values, name=name, **storage)
    values = _where_it_fits(stack.values)
    return stack if values is stack.values else replace(stack, values=values)


def grid_of(layer: Image, axis: int) -> Grid:
    """Return where in the world the pixels of a layer lie.

    Parameters
    ----------
    layer : napari Image layer
    axis : int
        The one along which its features lie, which the grid leaves out.
    """
    axes = _spatial_axes(layer, axis)
    shape = layer_shape(layer)
    return Grid(
        shape=tuple(shape[number] for number in axes),
        affine=_affine(layer, axes),
        axes=tuple(number - layer.ndim for number in axes),
    )


def layer_affine(layer: Layer) -> NDArray[np.float64]:
    """Return the matrix from a layer's data to the last axes of the world, with a row for each."""
    return _affine(layer, list(range(layer.ndim)))


def map_axes(layer: Image, axis: int) -> tuple[int, ...]:
    """Return the axes of a layer that its map has, too: the feature axis is one pixel long.

    A feature axis before all others is left out, since napari counts axes from the last one.
    """
    is_left_out = layer.rgb or axis % layer.ndim == 0
    return tuple(range(int(is_left_out and not layer.rgb), layer.ndim))


def map_placement(layer: Image, axis: int) -> dict[str, Any]:
    """Return where a layer's map lies: ``scale``, ``translate``, ``affine`` and ``units``.

    The single pixel along a feature axis between the others reaches over all features, so that
    the map is shown wherever napari's slider is.
    """
    axes = list(map_axes(layer, axis))
    scale, translate = layer.scale.copy(), layer.translate.copy()
    matrix = np.eye(len(axes) + 1)
    total = np.eye(len(axes) + 1)
    total[:-1] = _affine(layer, axes)[:-1]
    matrix[:-1, :-1] = np.diag(scale[axes])
    matrix[:-1, -1] = translate[axes]
    affine = total @ np.linalg.inv(matrix)
    if not layer.rgb and axis in axes:
        count = layer_shape(layer)[axis]
        translate[axis] += (count - 1) / 2 * scale[axis]
        scale[axis] *= count
    return {
        "scale": scale[axes],
        "translate": translate[axes],
        "affine": affine,
        "units": tuple(layer.units[number] for number in axes),
    }


def _spatial_axes(layer: Image, axis: int) -> list[int]:
    axes = list(range(layer.ndim))
    if not layer.rgb:
        del axes[axis]
    return axes


def _affine(layer: Layer, axes: list[int]) -> NDArray[np.float64]:
    """Return the matrix from some axes of a layer's data to the same axes of the world."""
    origin = np.asarray(layer.data_to_world(np.zeros(layer.ndim)))
    steps = [layer.data_to_world(row) - origin for row in np.eye(layer.ndim)[axes]]
    matrix = np.eye(len(axes) + 1)
    matrix[:-1, :-1] = np.array(steps)[:, axes].T
    matrix[:-1, -1] = origin[axes]
    return matrix


def _shows(data: Any, stack: FeatureStack) -> bool:
    """Return whether a layer still has the data that it was opened with."""
    if stack.is_lazy:
        shown: Any = np.moveaxis(stack.values, -1, 0)
        return bool(getattr(data, "name", None) == shown.name)
    return isinstance(data, np.ndarray) and (
        data.shape == (stack.feature_count, *stack.spatial_shape)
        and np.may_share_memory(data, stack.values)
    )


def as_array(data: Any, axis: int) -> Any:
    """Return a NumPy or dask array of a layer's data, whose features lie along an axis."""
    if isinstance(data, np.memmap):
        return _read_when_needed(mapped_file_array(data) or Uncopied(data), axis)
    if isinstance(data, np.ndarray) or is_dask_collection(data):
        return data
    return lazy(data, "auto") if hasattr(data, "chunks") else np.asarray(data)


def _read_when_needed(array: Any, axis: int) -> Any:
    """Return an array without chunks as a dask array, each block with all features."""
    spatial = list(array.shape)
    features = spatial.pop(axis)
    is_fortran = getattr(array, "is_fortran", False)
    chunks = list(block_chunks((*spatial, features), array.dtype, is_fortran=is_fortran))
    chunks.insert(axis % array.ndim, chunks.pop())
    return lazy(array, tuple(chunks))


def _where_it_fits(values: Any) -> Any:
    """Return values in memory if they take little of it, else as they are."""
    if isinstance(values, np.ndarray) or not fits_memory(values.nbytes):
        return values
    return np.asarray(values)
