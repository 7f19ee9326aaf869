"""Several image layers as the features of one stack: the channels of a microscope, for example."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Layer
from numpy.typing import NDArray

from napari_ifealid.bands import Bands
from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer.sources import (
    BACKDROP_KEY,
    MAP_KEY,
    OVERVIEW_KEY,
    as_array,
    full_data,
    layer_affine,
    layer_shape,
)
from napari_ifealid.georeference import PixelSize
from napari_ifealid.layers import STACK_KEY, LayerData, layer_data
from napari_ifealid.lazy_arrays import Uncopied, block_chunks, lazy
from napari_ifealid.memory import fits_memory
from napari_ifealid.stack import FeatureStack
from napari_ifealid.wavelength_units import NANOMETRES, known_unit

_MOST_NAMED = 3  # layers, in the name of a stack
_NOT_CHANNELS = {MAP_KEY, BACKDROP_KEY, OVERVIEW_KEY, STACK_KEY}


def can_be_channel(layer: Layer) -> bool:
    """Return whether a layer can be a feature: an image of one channel, not one of the plugin's."""
    return (
        isinstance(layer, Image)
        and not layer.rgb
        and layer.ndim >= 2
        and not _NOT_CHANNELS & layer.metadata.keys()
    )


def selected_channels(viewer: ViewerModel) -> list[Image]:
    """Return the selected layers that can be features, in the order of the list of layers."""
    selected = viewer.layers.selection
    return [layer for layer in viewer.layers if layer in selected and can_be_channel(layer)]


def stack_of_channels(layers: Sequence[Image]) -> FeatureStack:
    """Return a stack of which each layer is a feature.

    Parameters
    ----------
    layers : sequence of napari Image layer
        Two or more of one shape, in one place.

    Returns
    -------
    FeatureStack
        The labels are the names of the layers, the colours those of their colormaps. The values
        are a copy in memory if all of the layers' are there and it takes little of what is free;
        else a dask array, which reads the layers' data when they are needed.

    Raises
    ------
    DatasetError
        If there are fewer than two layers, or if they differ in shape or place, or hold something
        else than real numbers.
    """
    _check_alike(layers)
    return FeatureStack(
        values=_stacked([full_data(layer) for layer in layers]),
        name=_name([layer.name for layer in layers]),
        feature_labels=[layer.name for layer in layers],
        bands=Bands(colours=tuple(_colour(layer) for layer in layers)),
        pixel_size=_pixel_size(layers[0]),
    )


def channel_features(layers: Sequence[Image]) -> LayerData:
    """Return the features layer of a stack of layers, which lies where they do.

    Parameters
    ----------
    layers : sequence of napari Image layer
        See `stack_of_channels`.

    Raises
    ------
    DatasetError
        See `stack_of_channels`.
    """
    data, arguments, kind = layer_data(stack_of_channels(layers))[-1]
    return data, arguments | _placement(layers[0]), kind


def add_channel_features(viewer: ViewerModel) -> Image:
    """Add the features layer of the selected layers, which are left as they are.

    Parameters
    ----------
    viewer : napari viewer

    Raises
    ------
    DatasetError
        See `stack_of_channels`.
    """
    data, arguments, kind = channel_features(selected_channels(viewer))
    layer = Layer.create(data, arguments, kind)
    viewer.add_layer(layer)
    return layer


def _check_alike(layers: Sequence[Image]) -> None:
    if len(layers) < 2:
        raise DatasetError(
            "fewer than two layers of one channel",
            expected="two or more images, each of which becomes a feature",
            remedy="Select several image layers in the list of layers, with Ctrl or Shift.",
        )
    first = layers[0]
    for layer in layers[1:]:
        if layer_shape(layer) != layer_shape(first):
            raise DatasetError(
                f"a layer of shape {layer_shape(layer)}",
                expected=f"the shape {layer_shape(first)} of “{first.name}”",
                remedy="Select layers of one shape only.",
                file=layer.name,
            )
        if not _is_in_place(layer, first):
            raise DatasetError(
                "a layer in another place",
                expected=f"scale, translation, rotation and units of “{first.name}”",
                remedy="Place the layers alike, or select those that are.",
                file=layer.name,
            )


def _is_in_place(layer: Image, other: Image) -> bool:
    """Return whether two layers lie in one place, to a thousandth of a pixel."""
    if tuple(map(str, layer.units)) != tuple(map(str, other.units)):
        return False
    own, wanted = layer_affine(layer), layer_affine(other)
    ends = np.vstack([np.zeros(layer.ndim), np.diag(layer_shape(layer))])
    corners = np.column_stack([ends, np.ones(len(ends))])
    pixel = np.linalg.norm(wanted[:-1, :-1], axis=0).min()
    return bool(np.abs((own - wanted) @ corners.T).max() <= 1e-3 * pixel)


def _stacked(arrays: Sequence[Any]) -> Any:
    """Return arrays along a new last axis, in memory if they are all there and fit."""
    is_small = fits_memory(sum(array.nbytes for array in arrays if hasattr(array, "nbytes")))
    if is_small and all(type(array) is np.ndarray for array in arrays):
        return np.stack(arrays, axis=-1)
    from dask.array import stack

    return stack([_as_dask(array) for array in arrays], axis=-1)  # type: ignore[no-untyped-call]


def _as_dask(array: Any) -> Any:
    values = as_array(array, -1)
    if not isinstance(values, np.ndarray):
        return values
    return lazy(Uncopied(values), block_chunks(values.shape, values.dtype))


def _name(names: Sequence[str]) -> str:
    if len(names) <= _MOST_NAMED:
        return ", ".join(names)
    return f"{names[0]}, {names[1]} and {len(names) - 2} more"


def _colour(layer: Image) -> str:
    """Return the colour that a layer has where its values are high."""
    shares: NDArray[np.float64] = np.asarray(layer.colormap.map(np.array([1.0])))[0]
    red, green, blue, *_ = np.rint(shares * 255).astype(int).tolist()
    return f"#{red:02x}{green:02x}{blue:02x}"


def _pixel_size(layer: Image) -> PixelSize | None:
    """Return the size of a layer's pixels, if its last two axes have the same unit of length."""
    rows, columns = (known_unit(str(unit)) for unit in layer.units[-2:])
    size = tuple(float(step) for step in layer.scale[-2:])
    if rows != columns or rows not in NANOMETRES or not min(size) > 0.0:
        return None
    return PixelSize((size[0], size[1]), str(layer.units[-1]))


def _placement(layer: Image) -> dict[str, Any]:
    """Return where the features lie: the layer's own place, behind an axis of features."""
    own = np.diag([*layer.scale, 1.0])
    own[:-1, -1] = layer.translate
    affine = np.eye(layer.ndim + 2)
    affine[1:, 1:] = layer_affine(layer) @ np.linalg.inv(own)
    return {
        "scale": (1.0, *layer.scale),
        "translate": (0.0, *layer.translate),
        "affine": affine,
        "units": ("pixel", *(str(unit) for unit in layer.units)),
    }
