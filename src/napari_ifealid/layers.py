"""A feature stack as napari layers: what the layers are and where they lie."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError
from napari_ifealid.georeference import Georeference, PixelSize
from napari_ifealid.grid import Grid
from napari_ifealid.plain_text import shown_name
from napari_ifealid.stack import FeatureStack

STACK_KEY = "feature_stack"
"""Where a layer's metadata holds the FeatureStack that it shows."""

START_KEY = "napari_ifealid_first_reference"
"""Where a layer's metadata holds the place in the world to compare with first, if it has one."""

_SMALLEST_SHARE = 1e-3  # of a value: a range of colours that float32 tells from none
MOST_STACKS = 1000
"""That are opened at once: napari takes longer for each layer, the more there are."""

_LOOKED_AT = 16  # pixels along each axis
_MOST_FEATURES = 4096  # of each of these pixels

LayerData = tuple[Any, dict[str, Any], str]


def layers_of(
    stacks: Sequence[FeatureStack], overlays: Iterable[NDArray[np.uint8]] = ()
) -> list[LayerData]:
    """Return the layers of several stacks, with one overlay for each image.

    Parameters
    ----------
    stacks : sequence of FeatureStack
    overlays : iterable of array, optional
        Images that have a layer already.

    Raises
    ------
    DatasetError
        If there are more than `MOST_STACKS`.
    """
    if len(stacks) > MOST_STACKS:
        raise DatasetError(
            f"{len(stacks):,} feature stacks",
            expected=f"at most {MOST_STACKS:,}, since each becomes a layer",
            remedy="Read those that you need in Python: read_stack(path, array=NAME).",
            file=stacks[0].name,
        )
    layers: list[LayerData] = []
    known = list(overlays)
    for stack in stacks:
        *overlay, features = layer_data(stack)
        if overlay and not any(np.array_equal(overlay[0][0], one) for one in known):
            known.append(overlay[0][0])
            layers += overlay
        layers.append(features)
    return layers


def layer_data(stack: FeatureStack) -> list[LayerData]:
    """Return the overlay, where there is one, and the features as napari layer tuples.

    World coordinates are the image's pixels, in units of their size where that is known. Unless
    the stack tells its place on the image, the outer edges of the overlay and of the features meet.
    Without an overlay, the features' own pixels take the place of the image's.

    Parameters
    ----------
    stack : FeatureStack

    Returns
    -------
    list of (data, keyword arguments, layer type)
        The overlay as an RGB image; the features as an image of shape (C, ...), a view of the
        stack's values, hidden at first.
    """
    scale, translate = world_placement(stack)
    features: dict[str, Any] = {
        "name": f"{shown_name(stack.name)} features",
        "metadata": {STACK_KEY: stack},
        "rgb": False,  # else napari takes a last axis of 3 or 4 pixels for colours
        "multiscale": False,
        "visible": False,
        "axis_labels": ("feature", *_axis_labels(len(scale))),
        "scale": (1.0, *scale),
        "translate": (0.0, *translate),
    }
    if stack.pixel_size is not None:
        features["units"] = layer_units(stack)
    limits = _contrast_limits(stack)
    if limits is not None:
        features["contrast_limits"] = limits
    layers: list[LayerData] = [(np.moveaxis(stack.values, -1, 0), features, "image")]
    if stack.overlay is not None:
        overlay = {
            "name": f"{shown_name(stack.name)} overlay",
            "metadata": {STACK_KEY: stack},
            "rgb": True,
            "multiscale": False,
        }
        if stack.pixel_size is not None:
            overlay["scale"] = stack.pixel_size.size
            overlay["units"] = (stack.pixel_size.unit,) * 2
        layers.insert(0, (stack.overlay, overlay, "image"))
    return layers


def _axis_labels(count: int) -> list[str]:
    return [f"axis {number}" for number in range(count - 4)] + list("tzyx"[-count:])


def default_placement(stack: FeatureStack) -> tuple[list[float], list[float]]:
    """Return scale and translation of a stack's pixels along each spatial axis.

    They turn pixels of the stack into pixels of its image.
    """
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


def layer_units(stack: FeatureStack) -> tuple[str, ...]:
    """Return the unit of each axis of the features' layer."""
    unit = "pixel" if stack.pixel_size is None else stack.pixel_size.unit
    return (*("pixel",) * (stack.values.ndim - 2), unit, unit)


def image_affine(stack: FeatureStack) -> NDArray[np.float64]:
    """Return the matrix from the overlay's pixels to the world, as its layer lies at first."""
    leading = len(stack.spatial_shape) - 2
    size = (1.0, 1.0) if stack.pixel_size is None else stack.pixel_size.size
    return np.diag([*(1.0,) * leading, *size, 1.0])


def world_placement(stack: FeatureStack) -> tuple[list[float], list[float]]:
    """Return scale and translation from a stack's pixels to the world, along each spatial axis."""
    scale, translate = default_placement(stack)
    if stack.pixel_size is not None:
        sizes = [1.0] * (len(scale) - 2) + [*stack.pixel_size.size]
        scale = [factor * size for factor, size in zip(scale, sizes, strict=True)]
        translate = [offset * size for offset, size in zip(translate, sizes, strict=True)]
    return scale, translate


def stack_georeference(stack: FeatureStack) -> Georeference | None:
    """Return where a stack's own pixels lie on the earth, None where it is not known."""
    if stack.georeference is None:
        return None
    scale, translate = default_placement(stack)
    return stack.georeference.of_pixels((scale[-2], scale[-1]), (translate[-2], translate[-1]))


def own_pixels(stack: FeatureStack) -> FeatureStack:
    """Return a stack without its image, whose size of pixels and place are those of its own."""
    if stack.overlay is None and stack.placement is None:
        return stack
    scale, _ = world_placement(stack)
    size = stack.pixel_size
    return replace(
        stack,
        overlay=None,
        placement=None,
        pixel_size=None if size is None else PixelSize((scale[-2], scale[-1]), size.unit),
        georeference=stack_georeference(stack),
    )


def default_grid(stack: FeatureStack) -> Grid:
    """Return where a stack's pixels lie in the world, as its layers do at first."""
    scale, translate = world_placement(stack)
    affine = np.diag([*scale, 1.0])
    affine[:-1, -1] = translate
    return Grid(stack.spatial_shape, affine)


def image_grid(stack: FeatureStack, grid: Grid) -> Grid:
    """Return where the pixels of a stack's overlay lie in the world.

    Parameters
    ----------
    stack : FeatureStack
        With two spatial axes and an overlay.
    grid : Grid
        Where its own pixels lie by now.
    """
    assert stack.overlay is not None
    from_image = np.linalg.inv(default_grid(stack).affine) @ image_affine(stack)
    height, width = stack.overlay.shape[:2]
    return Grid((height, width), grid.affine @ from_image, grid.axes)


def _contrast_limits(stack: FeatureStack) -> tuple[float, float] | None:
    """Return limits that save napari a look at all the values; None where a look costs little."""
    if stack.values.dtype == np.uint8:
        return 0, 255
    if not stack.is_lazy:
        return None
    try:
        pixels = (slice(0, _LOOKED_AT),) * len(stack.spatial_shape)
        corner = np.asarray(stack.values[(*pixels, slice(0, _MOST_FEATURES))])
    except Exception:  # damaged in some way or other; who explores the stack is told
        return 0, 1
    known = corner[np.isfinite(corner)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    if low < high:
        return low, high
    width = max(1.0, abs(low) * _SMALLEST_SHARE)  # of the largest floats, 1 makes no difference
    return (low, low + width) if np.isfinite(low + width) else (low - width, low)
