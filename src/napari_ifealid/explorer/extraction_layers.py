"""Image layers as what features are extracted from, and the features in place over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from napari.layers import Image, Layer
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer.sources import BACKDROP_KEY, MAP_KEY, full_data, layer_shape
from napari_ifealid.extraction import Extractor
from napari_ifealid.layers import STACK_KEY, LayerData, layer_data
from napari_ifealid.memory import check_memory
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, every_item, untracked


@dataclass(frozen=True, eq=False)
class Picture:
    """The slices of an image layer that features are extracted from.

    Parameters
    ----------
    name : str
    pixels : array, shape (..., H, W), (..., H, W, 3) or (..., H, W, 4)
        Of the whole layer; not necessarily in memory.
    planes : tuple of slice
        What is taken of each leading axis.
    is_rgb : bool
        Whether the last axis holds colours.
    limits : (float, float)
        The values that are shown black and white.
    """

    name: str
    pixels: Any
    planes: tuple[slice, ...]
    is_rgb: bool
    limits: tuple[float, float]

    @property
    def lengths(self) -> tuple[int, ...]:
        """How many slices there are along each leading axis."""
        return tuple(plane.stop - plane.start for plane in self.planes)

    @property
    def overlay(self) -> NDArray[np.uint8] | None:
        """The pixels themselves where they are an overlay already, else None."""
        is_overlay = (
            isinstance(self.pixels, np.ndarray)
            and self.is_rgb
            and self.pixels.dtype == np.uint8
            and self.pixels.ndim == self.pixels.shape[-1] == 3
        )
        return self.pixels if is_overlay else None

    def image(self, index: tuple[int, ...]) -> NDArray[Any]:
        """Return a slice as it is shown.

        Returns
        -------
        array of uint8, shape (H, W) or (H, W, 3)

        Raises
        ------
        DatasetError
            If it holds a NaN.
        """
        values = np.asarray(self.pixels[index])
        if self.is_rgb:
            values = values[..., :3]
        low, high = self.limits
        if values.dtype == np.uint8 and (low, high) == (0, 255):
            return values
        shares = np.clip((values.astype(np.float64) - low) / (high - low), 0.0, 1.0)
        if np.isnan(shares).any():
            raise DatasetError(
                "NaN in the image",
                expected="numbers",
                remedy="Replace them first, e.g. with numpy.nan_to_num(image).",
                file=self.name,
            )
        return np.rint(shares * 255.0).astype(np.uint8)


def can_be_extracted_from(layer: Layer) -> bool:
    """Return whether a layer shows an image, not features and nothing of the plugin's own."""
    return (
        isinstance(layer, Image)
        and not {MAP_KEY, BACKDROP_KEY} & layer.metadata.keys()
        and (layer.rgb or STACK_KEY not in layer.metadata)
    )


def slice_at(layer: Image, world: Sequence[float]) -> tuple[int, ...]:
    """Return the index of the slice at a world position, along each leading axis of a layer."""
    position = layer.world_to_data(world)[: layer.ndim - 2]
    lengths = layer_shape(layer)[: layer.ndim - 2]
    return tuple(
        min(max(round(float(x)), 0), length - 1)
        for x, length in zip(position, lengths, strict=True)
    )


def picture_of(layer: Image, at: tuple[int, ...] | None = None) -> Picture:
    """Return what features are extracted from.

    Parameters
    ----------
    layer : napari Image layer
        Of a multiscale one, the largest level is taken.
    at : tuple of int, optional
        The only slice to take, an index along each leading axis. All of them unless given.
    """
    lengths = layer_shape(layer)[: layer.ndim - 2]
    planes = [slice(0, n) for n in lengths] if at is None else [slice(i, i + 1) for i in at]
    where = "" if at is None or not at else f" [{', '.join(map(str, at))}]"
    pixels = full_data(layer)
    low, high = (0, _white(pixels.dtype)) if layer.rgb else layer.contrast_limits
    return Picture(f"{layer.name}{where}", pixels, tuple(planes), layer.rgb, (low, high))


def extract(
    picture: Picture, extractor: Extractor, layers: Sequence[str], *, track: Track = untracked
) -> list[FeatureStack]:
    """Extract the features of all slices of a picture.

    Parameters
    ----------
    picture : Picture
    extractor : Extractor
    layers : sequence of str
        Of the extractor.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`. Where there
        are several slices, the tracked iteration over them holds one for each of them.

    Returns
    -------
    list of FeatureStack
        One a layer, of shape (..., h, w, C) with the leading axes of the image. A single slice
        is its overlay; several have none.

    Raises
    ------
    DatasetError
        If the image or the extractor is not usable, or memory is short.
    concurrent.futures.CancelledError
        If `track` ended the iteration early.
    """
    indices = list(product(*(range(plane.start, plane.stop) for plane in picture.planes)))
    if len(indices) == 1:
        stacks = extractor.extract(picture.image(*indices), layers, name=picture.name, track=track)
        return [_with_leading_axes(stack, picture) for stack in stacks]
    arrays: list[NDArray[Any]] = []
    stacks = []
    description = f"Extracting features of {picture.name}"
    slices = every_item(track, indices, total=len(indices), desc=description)
    for number, index in enumerate(slices):
        stacks = extractor.extract(picture.image(index), layers, name=picture.name, track=track)
        arrays = arrays or [_room(stack, len(indices)) for stack in stacks]
        for array, stack in zip(arrays, stacks, strict=True):
            _check_alike(stack.values.shape, array.shape[1:], picture.name)
            array[number] = stack.values
    return [
        replace(stack, values=array.reshape(*picture.lengths, *array.shape[1:]), overlay=None)
        for stack, array in zip(stacks, arrays, strict=True)
    ]


def features_over(stack: FeatureStack, layer: Image, picture: Picture) -> LayerData:
    """Return a stack's features in place over the image layer that they were extracted from.

    Parameters
    ----------
    stack : FeatureStack
    layer : napari Image layer
    picture : Picture
        What was taken of it.
    """
    features, arguments, kind = layer_data(stack)[-1]
    start = [plane.start for plane in picture.planes]
    placed = {
        "translate": np.add(arguments["translate"], (0, *start, 0, 0)),
        "affine": _to_world(layer),
        "units": ("pixel", *layer.units),
    }
    return features, arguments | placed, kind


def _white(dtype: np.dtype[Any]) -> float:
    """Return the value that napari shows as white in the colours of an image."""
    return 1.0 if dtype.kind in "bf" else float(np.iinfo(dtype).max)


def _with_leading_axes(stack: FeatureStack, picture: Picture) -> FeatureStack:
    values = stack.values.reshape(*picture.lengths, *stack.values.shape)
    overlay = stack.overlay if picture.overlay is None else picture.overlay
    return replace(stack, values=values, overlay=overlay)


def _room(stack: FeatureStack, count: int) -> NDArray[Any]:
    check_memory(count * stack.values.nbytes)
    return np.empty((count, *stack.values.shape), stack.values.dtype)


def _check_alike(shape: tuple[int, ...], first: tuple[int, ...], name: str) -> None:
    if shape != first:
        raise DatasetError(
            f"slices with {first[-1]} and with {shape[-1]} features",
            expected="the same features of each slice",
            remedy="Extract the current slice only, or choose another model.",
            file=name,
        )


def _to_world(layer: Image) -> NDArray[np.float64]:
    """Return the matrix from an axis of features and a layer's pixels to world coordinates."""
    origin = np.asarray(layer.data_to_world(np.zeros(layer.ndim)))
    matrix = np.eye(layer.ndim + 2)
    matrix[1:-1, -1] = origin
    for axis, step in enumerate(np.eye(layer.ndim), start=1):
        matrix[1:-1, axis] = np.asarray(layer.data_to_world(step)) - origin
    return matrix
