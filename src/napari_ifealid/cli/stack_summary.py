"""Summary of a feature stack: its shape, its values, the memory that it needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.cli.reference_system import reference_system
from napari_ifealid.engines import EngineUnavailableError
from napari_ifealid.engines.engine_memory import cpu_memory, gpu_memory
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import restored
from napari_ifealid.formats.blocks import Block, blocks_near_in_memory
from napari_ifealid.formats.details import has_wavelengths
from napari_ifealid.formats.loading import loaded_block
from napari_ifealid.good_features import good_features
from napari_ifealid.layers import default_placement
from napari_ifealid.memory import check_memory
from napari_ifealid.numeric_labels import are_mere_numbers, numeric_labels
from napari_ifealid.picture import PictureKind, default_kind
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, every_item

_LITTLE = 1 << 24  # bytes, which there are


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
    is_axis_guessed : bool
        Whether nothing tells that these are the features, and not another axis of the array.
    wavelength_range : (float, float) or None
        The first and the last wavelength, where the labels are such.
    wavelength_unit : str or None
    band_widths : tuple of float, or None
        Full width at half maximum of each band, in the unit of the wavelengths; None for one that
        is not finite.
    bad_bands : tuple of int or None
        Numbers, from 0, of the bands that the file calls bad; None where it calls none good or bad.
    shown_bands : tuple of int
        Those that the file proposes for a picture.
    channel_colours : tuple of str or None
        As in "#00ff00".
    picture : str or None
        The picture of the bands that is shown under the map, unless another one is chosen; None
        where there is none, or the overlay.
    gain : float
        Factor from stored values to real ones.
    missing_value : float or None
        The stored value that stands for none.
    pixel_size : (float, float) or None
        Along y and x; of the overlay's pixels, where there is one.
    pixel_unit : str or None
    upper_left : (float, float) or None
        Coordinates x and y of the upper left corner on the earth.
    reference_system : str or None
        The one that these are in, as far as the file tells its name.
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
    all_zero_pixels, nonfinite_pixels, pixels_without_values : int
        Pixels whose vector is zero, that hold a NaN or an infinity, and whose values are all
        missing or NaN. Bad bands don't count.
    share_of_all_zero_pixels, share_of_pixels_without_values : float
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
    is_axis_guessed: bool
    wavelength_range: tuple[float, float] | None
    wavelength_unit: str | None
    band_widths: tuple[float | None, ...] | None
    bad_bands: tuple[int, ...] | None
    shown_bands: tuple[int, ...]
    channel_colours: tuple[str, ...] | None
    picture: str | None
    gain: float
    missing_value: float | None
    pixel_size: tuple[float, float] | None
    pixel_unit: str | None
    upper_left: tuple[float, float] | None
    reference_system: str | None
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
    pixels_without_values: int
    share_of_pixels_without_values: float
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
    measured = _measured(stack, track)
    minimum, maximum = map(_plain_number, measured.extremes)
    height, width = stack.spatial_shape[-2:]
    overlay_height, overlay_width = (
        (None, None) if stack.overlay is None else stack.overlay.shape[:2]
    )
    placement = stack.placement
    shown_stride, shown_offset = _shown_place(stack)
    labels = stack.feature_labels or ()
    all_zero_pixels = int(np.count_nonzero(~measured.has_value))
    without_values = int(np.count_nonzero(measured.is_empty))
    size = stack.pixel_size
    return StackSummary(
        name=stack.name,
        array=array,
        shape=stack.values.shape,
        height=height,
        width=width,
        features=stack.feature_count,
        padding_features=padding_features,
        feature_labels=None if are_mere_numbers(labels) else tuple(labels),
        is_axis_guessed=stack.is_axis_guessed,
        **_wavelengths(stack),
        **_bands(stack),
        picture=_picture(stack),
        gain=float(stack.gain),
        missing_value=None if stack.nodata is None else _plain_float(stack.nodata),
        pixel_size=None if size is None else size.size,
        pixel_unit=None if size is None else size.unit,
        **_place(stack),
        overlay_height=overlay_height,
        overlay_width=overlay_width,
        stride=None if placement is None else placement.stride,
        offset=None if placement is None else placement.offset,
        shown_stride=shown_stride,
        shown_offset=shown_offset,
        precision_bits=stack.precision,
        stored_dtype=stack.values.dtype.name,
        real_dtype=measured.extremes.dtype.name,
        minimum=minimum,
        maximum=maximum,
        all_zero_pixels=all_zero_pixels,
        share_of_all_zero_pixels=all_zero_pixels / stack.pixel_count,
        nonfinite_pixels=int(np.count_nonzero(~measured.is_finite)),
        pixels_without_values=without_values,
        share_of_pixels_without_values=without_values / stack.pixel_count,
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


def _wavelengths(stack: FeatureStack) -> dict[str, Any]:
    known = numeric_labels(stack.feature_labels or ()) if has_wavelengths(stack) else None
    ends = None if known is None else (float(known.numbers[0]), float(known.numbers[-1]))
    return {"wavelength_range": ends, "wavelength_unit": None if known is None else known.unit}


def _bands(stack: FeatureStack) -> dict[str, Any]:
    bands = stack.bands
    flags = bands.is_good
    bad = None if flags is None else tuple(n for n, is_good in enumerate(flags) if not is_good)
    return {
        "band_widths": None if bands.widths is None else tuple(map(_plain_float, bands.widths)),
        "bad_bands": bad,
        "shown_bands": bands.shown,
        "channel_colours": bands.colours,
    }


def _picture(stack: FeatureStack) -> str | None:
    kind = PictureKind.NONE if stack.overlay is not None else default_kind(stack)
    return None if kind is PictureKind.NONE else kind.value


def _place(stack: FeatureStack) -> dict[str, Any]:
    place = stack.georeference
    if place is None:
        return {"upper_left": None, "reference_system": None}
    corner = place.transform[2], place.transform[5]
    return {"upper_left": corner, "reference_system": reference_system(place)}


@dataclass(frozen=True, eq=False)
class _Measured:
    """What the values of a stack are: their real extremes, and of each pixel's good bands."""

    extremes: NDArray[Any]
    has_value: NDArray[np.bool_]
    is_finite: NDArray[np.bool_]
    is_empty: NDArray[np.bool_]


def _measured(stack: FeatureStack, track: Track) -> _Measured:
    _check_room(stack)
    has_value = np.zeros(stack.spatial_shape, bool)
    is_finite, is_empty = (np.ones(stack.spatial_shape, bool) for _ in range(2))
    used = good_features(stack)
    is_used = np.ones(stack.feature_count, bool) if used is None else np.array(used.is_used)
    extremes: list[Any] = []
    todo = blocks_near_in_memory(stack.values)
    every_block = every_item(track, todo, total=len(todo), desc=f"Measuring {stack.name}")
    for place, stored in (part for block in every_block for part in _parts(stack, block)):
        pixels = place[:-1]
        with np.errstate(over="ignore"):  # long doubles become infinite
            real = stack.real_values(stored)
        is_missing = np.isnan(real)
        finite = np.isfinite(stored) & ~is_missing
        known = stored[finite]
        if known.size:
            extremes += [known.min(), known.max()]
        good = is_used[place[-1]]
        if not good.all():
            real, finite, is_missing = (each[..., good] for each in (real, finite, is_missing))
        has_value[pixels] |= real.any(axis=-1)
        is_finite[pixels] &= finite.all(axis=-1)
        is_empty[pixels] &= is_missing.all(axis=-1)
    if not extremes:
        raise DatasetError(
            "no finite value: all are NaN or infinite",
            expected="at least some finite values",
            remedy="Check how the array was made.",
            file=stack.name,
        )
    return _Measured(_real_extremes(stack, extremes), has_value, is_finite, is_empty)


def _check_room(stack: FeatureStack) -> None:
    """Raise if memory is short for what is noted of each pixel."""
    needed = 3 * stack.pixel_count
    if needed < _LITTLE:
        return
    try:
        check_memory(needed)
    except DatasetError as error:
        raise error.inside(stack.name) from error


def _parts(stack: FeatureStack, block: Block) -> Iterator[tuple[Block, NDArray[Any]]]:
    """Yield the stored values of small parts of a block, each with its place in the stack."""
    stored = loaded_block(stack, block)
    for part in blocks_near_in_memory(stored):
        yield (
            tuple(
                slice(whole.start + inner.start, whole.start + inner.stop)
                for whole, inner in zip(block, part, strict=True)
            ),
            stored[part],
        )


def _real_extremes(stack: FeatureStack, stored: list[Any]) -> NDArray[Any]:
    values = np.array([[[min(stored), max(stored)]]], stack.values.dtype)
    return restored(FeatureStack(values=values, name=stack.name, **stack.storage)).ravel()


def _plain_number(value: np.generic) -> float | None:
    """Return a number as JSON knows it."""
    if value.dtype.kind != "f":
        return int(value)
    return _plain_float(float(value))


def _plain_float(number: float) -> float | None:
    return number if isfinite(number) else None
