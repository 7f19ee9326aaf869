"""Napari's slider along the feature axis of a layer."""

from __future__ import annotations

from napari.components import ViewerModel
from napari.layers import Image


def slider_feature(viewer: ViewerModel, layer: Image, feature_axis: int) -> int:
    """Return the feature that napari's slider is at."""
    position = layer.world_to_data(viewer.dims.point)[feature_axis]
    last = int(layer.level_shapes[0][feature_axis]) - 1
    return min(max(round(float(position)), 0), last)


def move_slider(viewer: ViewerModel, layer: Image, feature_axis: int, feature: int) -> None:
    """Move napari's slider to a feature."""
    position = list(layer.world_to_data(viewer.dims.point))
    position[feature_axis] = feature
    world = layer.data_to_world(position)[feature_axis]
    viewer.dims.set_point(viewer.dims.ndim - layer.ndim + feature_axis, float(world))
