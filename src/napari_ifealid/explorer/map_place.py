"""Where a map lies, and of what shape its layer is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from napari.layers import Image

from napari_ifealid.explorer.sources import layer_shape, map_axes, map_placement
from napari_ifealid.grid import Grid


@dataclass(frozen=True, eq=False)
class MapPlace:
    """The shape of a map's layer, and where it lies.

    Parameters
    ----------
    shape : tuple of int
        Lengths of the layer's axes.
    spatial_shape : tuple of int
        The same without the axis of length 1 that stands for the features, if there is one.
    placement : dict
        ``scale``, ``translate``, ``affine`` and ``units`` of the layer.
    """

    shape: tuple[int, ...]
    spatial_shape: tuple[int, ...]
    placement: dict[str, Any]


def place_of_stack(layer: Image, axis: int) -> MapPlace:
    """Return the place of a map on a stack's own pixels.

    Parameters
    ----------
    layer : napari Image layer
        The features.
    axis : int
        The one along which they lie.
    """
    shape, axes = layer_shape(layer), map_axes(layer, axis)
    is_squashed = not layer.rgb and axis % layer.ndim in axes
    lengths = tuple(1 if is_squashed and number == axis else shape[number] for number in axes)
    spatial = tuple(
        length
        for number, length in zip(axes, lengths, strict=True)
        if not (is_squashed and number == axis)
    )
    return MapPlace(lengths, spatial, map_placement(layer, axis))


def place_of_image(layer: Image, grid: Grid) -> MapPlace:
    """Return the place of a map on the pixels of the image that a stack is of.

    Parameters
    ----------
    layer : napari Image layer
        The features, along its first axis.
    grid : Grid
        Of the image's pixels.
    """
    count = len(grid.shape)
    placement = {
        "scale": (1.0,) * count,
        "translate": (0.0,) * count,
        "affine": grid.affine,
        "units": tuple(layer.units[axis] for axis in grid.axes),
    }
    return MapPlace(grid.shape, grid.shape, placement)
