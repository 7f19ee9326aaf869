"""Summary of a feature stack: its shape, its values, the memory that it needs."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines import EngineUnavailableError
from napari_ifealid.engines.engine_memory import cpu_memory, gpu_memory
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import restored
from napari_ifealid.formats.blocks import blocks_near_in_memory
from napari_ifealid.formats.loading import loaded_block
from napari_ifealid.layers import default_placement
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, every_item


@dataclass(frozen=True, kw_only=True)
class StackSummary:
    """Summary of a feature stack.

    Parameters
    ----------
    name : str
    array : str or None
        Its name in a .npz file or a Zarr group.
    shape : tuple of int
        Of the values, features last.
    height, width, features : int
        The last three of these.
    padding_features : int
        Zero features for the web application, which are hidden and not among `features`.
    feature_labels : tuple of str or float, or None
        None where the features are just numbered.
    overlay_height, overlay_width : int or None
    stride, offset : (float, float) or None
        Where the pixels lie on the image as it is stored, along y and x: pixel i at
        stride · i + offset.
    shown_stride, shown_offset : (float, float) or None
        The same as it is shown: unless it is stored, the outer edges of map and image meet. None
        without an image, too.
    precision_bits : int or None
        Bits of a stored value of an IFeaLiD ZIP.
    stored_dtype, real_dtype : str
        Types of the stored values and of the real ones that they stand for.
    minimum, maximum : float or None
        Of the finite real values; None if they are beyond the largest float.
    all_zero_pixels, nonfinite_pixels : int
        Pixels whose vector is zero, and that hold a NaN or an infinity.
    share_of_all_zero_pixels : float
        From 0 to 1.
    cpu_memory_bytes : int
        Bytes of the stack in main memory, with all that the CPU engine adds.
    gpu_memory_bytes : int or None
        Bytes on the GPU; None if a pixel fits no texture.
    """

    name: str
    array: str | None
    shape: tuple[int, ...]
    height: int
    width: int
    features: int
    padding_features: int
    feature_labels: tuple[str | float, ...] | None
    overlay_height: int | None
    overlay_width: int | None
    stride: tuple[float, float] | None
    offset: tuple[float, float] | None
    shown_stride: tuple[float, float] | None
    shown_offset: tuple[float, float] | None
    precision_bits: int | None
    stored_dtype: str
    real_dtype: str
    minimum: float | None
    maximum: float | None
    all_zero_pixels: int
    share_of_all_zero_pixels: float
    nonfinite_pixels: int
    cpu_memory_bytes: int
    gpu_memory_bytes: int | None


def summarise(
    stack: FeatureStack, *, array: str | None, padding_features: int, track: Track
) -> StackSummary:
    """Measure a feature stack, block by block.

    Parameters
    ----------
    stack : FeatureStack
    array : str or None
        Its name in a .npz file or a Zarr group.
    padding_features : int
    track : callable
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Raises
    ------
    DatasetError
        If the values can't be read, or none of them is finite.
    """
    extremes, is_zero, is_finite = _measured(stack, track)
    minimum, maximum = map(_plain_number, extremes)
    height, width = stack.spatial_shape[-2:]
    overlay_height, overlay_width = (
        (None, None) if stack.overlay is None else stack.overlay.shape[:2]
    )
    placement = stack.placement
    shown_stride, shown_offset = _shown_place(stack)
    labels = tuple(stack.feature_labels or ())
    all_zero_pixels = int(np.count_nonzero(is_zero))
    return StackSummary(
        name=stack.name,
        array=array,
        shape=stack.values.shape,
        height=height,
        width=width,
        features=stack.feature_count,
        padding_features=padding_features,
        feature_labels=None if labels == tuple(range(stack.feature_count)) else labels,
        overlay_height=overlay_height,
        overlay_width=overlay_width,
        stride=None if placement is None else placement.stride,
        offset=None if placement is None else placement.offset,
        shown_stride=shown_stride,
        shown_offset=shown_offset,
        precision_bits=stack.precision,
        stored_dtype=stack.values.dtype.name,
        real_dtype=extremes.dtype.name,
        minimum=minimum,
        maximum=maximum,
        all_zero_pixels=all_zero_pixels,
        share_of_all_zero_pixels=all_zero_pixels / stack.pixel_count,
        nonfinite_pixels=int(np.count_nonzero(~is_finite)),
        cpu_memory_bytes=cpu_memory(stack),
        gpu_memory_bytes=_gpu_memory(stack),
    )


def _shown_place(
    stack: FeatureStack,
) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    if stack.placement is None and stack.overlay is None:
        return None, None
    (*_, step_y, step_x), (*_, first_y, first_x) = default_placement(stack)
    return (step_y, step_x), (first_y, first_x)


def _gpu_memory(stack: FeatureStack) -> int | None:
    try:
        return gpu_memory(stack)
    except EngineUnavailableError:
        return None


def _measured(
    stack: FeatureStack, track: Track
) -> tuple[NDArray[Any], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the real extremes, and which pixels are all zero and which are finite."""
    has_value = np.zeros(stack.spatial_shape, bool)
    is_finite = np.ones(stack.spatial_shape, bool)
    extremes: list[Any] = []
    todo = blocks_near_in_memory(stack.values)
    for block in every_item(track, todo, total=len(todo), desc=f"Measuring {stack.name}"):
        stored, pixels = loaded_block(stack, block), block[:-1]
        with np.errstate(over="ignore"):  # long doubles become infinite
            real = stack.real_values(stored)
        finite = np.isfinite(stored) & ~np.isnan(real)
        has_value[pixels] |= real.any(axis=-1)
        is_finite[pixels] &= finite.all(axis=-1)
        known = stored[finite]
        if known.size:
            extremes += [known.min(), known.max()]
    if not extremes:
        raise DatasetError(
            "no finite value: all are NaN or infinite",
            expected="at least some finite values",
            remedy="Check how the array was made.",
            file=stack.name,
        )
    return _real_extremes(stack, extremes), ~has_value, is_finite


def _real_extremes(stack: FeatureStack, stored: list[Any]) -> NDArray[Any]:
    values = np.array([[[min(stored), max(stored)]]], stack.values.dtype)
    return restored(FeatureStack(values=values, name=stack.name, **stack.storage)).ravel()


def _plain_number(value: np.generic) -> float | None:
    """Return a number as JSON knows it."""
    if value.dtype.kind != "f":
        return int(value)
    number = float(value)
    return number if isfinite(number) else None
