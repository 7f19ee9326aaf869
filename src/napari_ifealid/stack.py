"""The feature stack: an image with many features at each pixel."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from math import isfinite, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.bands import Bands
from napari_ifealid.errors import DatasetError
from napari_ifealid.georeference import Georeference, PixelSize
from napari_ifealid.grid import Region
from napari_ifealid.memory import check_memory
from napari_ifealid.numeric_labels import FeatureNumbers, immutable_labels

_MOST_BYTES = 2**63 - 1
_BYTES_A_FEATURE = 8  # a real value of a pixel
_MANY_FEATURES = 1 << 18

FEATURE_AXIS_NAMES = {
    *("c", "channel", "channels", "feature", "features"),
    *("band", "bands", "spectral", "spectrum", "wavelength", "wavelengths", "lambda", "wl"),
}
"""Names of a feature axis, in lower case."""


@dataclass(frozen=True)
class Placement:
    """Where the pixels of a stack lie on the image that it was made of.

    Along each of the last two spatial axes, pixel i is centred at stride · i + offset, in pixels
    of the image, whose first is centred at 0.

    Parameters
    ----------
    stride, offset : (float, float)
        Along y and x.
    """

    stride: tuple[float, float]
    offset: tuple[float, float]


@dataclass(frozen=True)
class StackSource:
    """Where a stack was read from.

    Parameters
    ----------
    location : str
        Absolute path, or URL.
    array : str, optional
        The name of the array, where the file has several.
    feature_axis : int, optional
        The axis of the array that was taken for the features, where that was asked for.
    """

    location: str
    array: str | None = None
    feature_axis: int | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class FeatureStack:
    """Feature vectors on a grid of pixels.

    Parameters
    ----------
    values : array or dask array, shape (..., C)
        The stored values: two or more spatial axes, then the features. Booleans, integers or
        floats. Kept as it is, without a copy, so that a memory-mapped array stays memory-mapped,
        and what a dask array stands for stays on disk.
    name : str
        What the stack is called.
    overlay : array of uint8, shape (h, w, 3), optional
        The original image.
    placement : Placement, optional
        Where the pixels lie on the image. Unless given, it covers exactly the area of the last
        two spatial axes.
    precision : {8, 16, 32}, optional
        The bits a value was stored with, for stacks from an IFeaLiD ZIP.
    value_range : (float, float), optional
        The real values that the smallest and the largest storable number stand for, for unsigned
        integer stacks that hold quantised values. None: the stored values are the real ones.
    real_dtype : numpy dtype, optional
        The type that the real values had before they were quantised, where it is known.
    feature_labels : sequence of str or float, optional
        A label for each feature, e.g. its wavelength. Feature numbers (from 0) unless given.
    gain : float, optional
        Factor from stored values to real ones, greater than 0; not beside a value range.
    nodata : float, optional
        The stored value that stands for none: its real value is NaN.
    bands : Bands, optional
        What else is known of the features.
    pixel_size : PixelSize, optional
        How large the pixels are: those of the overlay, where there is one.
    georeference : Georeference, optional
        Where the pixels lie on the earth: those of the overlay, where there is one.
    is_axis_guessed : bool, optional
        Whether nothing tells that these are the features, and not another axis of the array.

    Attributes
    ----------
    source : StackSource or None
        Where the stack was read from, see `read_from`.

    Raises
    ------
    DatasetError
        If the array has fewer than three axes, an axis of length zero or values that are not
        real numbers, if memory is short for a single pixel, or if another argument does not fit.
    """

    values: NDArray[Any]
    name: str
    overlay: NDArray[np.uint8] | None = None
    placement: Placement | None = None
    precision: int | None = None
    value_range: tuple[float, float] | None = None
    real_dtype: np.dtype[Any] | None = None
    feature_labels: Sequence[str | float] | None = None
    gain: float = 1.0
    nodata: float | None = None
    bands: Bands = field(default_factory=Bands)
    pixel_size: PixelSize | None = None
    georeference: Georeference | None = None
    is_axis_guessed: bool = False
    source: StackSource | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        check_feature_array(self.values)
        if self.feature_count > _MANY_FEATURES:
            check_memory(self.feature_count * _BYTES_A_FEATURE)
        if self.overlay is not None and (self.overlay.ndim != 3 or self.overlay.shape[2] != 3):
            raise DatasetError(
                f"an overlay of shape {self.overlay.shape}",
                expected="an RGB image of shape (height, width, 3)",
                remedy="Convert the overlay to RGB.",
            )
        if self.value_range is not None and self.values.dtype.kind != "u":
            raise DatasetError(
                f"a value range for values of type {self.values.dtype}",
                expected="a value range for unsigned integers only",
                remedy="Leave the value range out: these values are the real ones.",
            )
        if self.value_range is not None:
            object.__setattr__(self, "value_range", _checked_range(*self.value_range))
        if not (isfinite(self.gain) and self.gain > 0.0) or (
            self.gain != 1.0 and self.value_range is not None
        ):
            raise DatasetError(
                f"the gain {self.gain}",
                expected="a finite number greater than 0, and 1 beside a value range",
                remedy="Convert the values first.",
            )
        self.bands.check(self.feature_count)
        labels = self.feature_labels
        if labels is None:
            labels = FeatureNumbers(self.feature_count)
        if len(labels) != self.feature_count:
            raise DatasetError(
                f"{len(labels)} feature labels",
                expected=f"one label for each of the {self.feature_count} features",
                remedy="Give as many labels as there are features, or none.",
            )
        object.__setattr__(self, "feature_labels", immutable_labels(labels))

    @property
    def spatial_shape(self) -> tuple[int, ...]:
        """Lengths of the spatial axes."""
        return self.values.shape[:-1]

    @property
    def pixel_count(self) -> int:
        """Number of pixels."""
        return prod(self.spatial_shape)

    @property
    def is_lazy(self) -> bool:
        """Whether the values are a dask array, which is read block by block."""
        return not isinstance(self.values, np.ndarray)

    @property
    def feature_count(self) -> int:
        """Number of features, C."""
        return int(self.values.shape[-1])

    @property
    def storage(self) -> dict[str, Any]:
        """How stored values stand for real ones, for another stack of such values."""
        return {
            "value_range": self.value_range,
            "real_dtype": self.real_dtype,
            "gain": self.gain,
            "nodata": self.nodata,
        }

    @property
    def stores_real_values(self) -> bool:
        """Whether the stored values are the real ones."""
        return self.value_range is None and self.gain == 1.0 and self.nodata is None

    def read_from(self, source: StackSource | None) -> FeatureStack:
        """Return the same stack, which remembers where it was read from.

        What `dataclasses.replace` makes of it has no source: its values may be others.
        """
        stack = copy(self)
        object.__setattr__(stack, "source", source)
        return stack

    def with_features(self, features: Sequence[int]) -> FeatureStack:
        """Return a stack of some of the features, which keep their labels. It has no source.

        Parameters
        ----------
        features : sequence of int
            Their numbers, at least one. The values of a range of step 1 are shared.
        """
        assert self.feature_labels is not None
        if isinstance(features, range) and features.step == 1:
            values = self.values[..., features.start : features.stop]
        else:
            values = self.values[..., list(features)]
        return replace(
            self,
            values=values,
            feature_labels=tuple(self.feature_labels[feature] for feature in features),
            bands=self.bands.of(features),
        )

    def feature_name(self, feature: int) -> str:
        """Return the name of a feature: its label, or its number where it has none."""
        assert self.feature_labels is not None
        return f"feature {self.feature_labels[feature]}"

    def features_name(self, features: range) -> str:
        """Return the name of a range of features, or of its only one.

        Parameters
        ----------
        features : range
            Not empty.
        """
        if len(features) == 1:
            return self.feature_name(features[0])
        assert self.feature_labels is not None
        first, last = (self.feature_labels[feature] for feature in (features[0], features[-1]))
        return f"mean of features {first} to {last}"

    def real_values(self, stored: NDArray[Any]) -> NDArray[np.float64]:
        """Return the real values that stored ones stand for.

        Parameters
        ----------
        stored : array
            Of the type of `values`.

        Returns
        -------
        array of float64, same shape
            Exactly zero where that is one of the values, NaN where there is none.
        """
        real = self._scaled(stored)
        if self.nodata is not None:
            real[stored == self.nodata] = np.nan
        return real

    def _scaled(self, stored: NDArray[Any]) -> NDArray[np.float64]:
        if self.value_range is None:
            with np.errstate(over="ignore", invalid="ignore"):  # also NaNs that signal
                values = stored.astype(np.float64)
                return values if self.gain == 1.0 else values * self.gain
        low, high = map(float, self.value_range)
        top = int(np.iinfo(self.values.dtype).max)
        fractions = stored.astype(np.float64) / top
        real: NDArray[np.float64] = low * (1.0 - fractions) + high * fractions
        zero = zero_level(low, high, top)
        if zero is not None:
            real[stored == zero] = 0.0
        return real

    def feature_image(self, feature: int, region: Region) -> NDArray[np.float32]:
        """Return the real values of a single feature.

        Parameters
        ----------
        feature : int
        region : tuple of slice
            Which pixels, along each spatial axis.

        Returns
        -------
        array of float32
            Of the region's shape.
        """
        index: tuple[slice | int, ...] = (*region, feature)
        values = self.real_values(np.asarray(self.values[index]))
        with np.errstate(over="ignore", invalid="ignore"):  # beyond the largest float32
            return values.astype(np.float32)

    def mean_image(self, features: range, region: Region) -> NDArray[np.float32]:
        """Return the mean of the real values of several features.

        Parameters
        ----------
        features : range
            Not empty, of step 1.
        region : tuple of slice
            Which pixels, along each spatial axis.

        Returns
        -------
        array of float32
            Of the region's shape; NaN where one of the values is. Of a single feature, its values.
        """
        if len(features) == 1:
            return self.feature_image(features[0], region)
        index = (*region, slice(features.start, features.stop))
        with np.errstate(over="ignore", invalid="ignore"):  # infinities
            stored = np.asarray(self.values[index])
            # real values are linear in the stored ones, and so is the mean
            real = self._scaled(stored.mean(axis=-1, dtype=np.float64))
            if self.nodata is not None:
                real[(stored == self.nodata).any(axis=-1)] = np.nan
            return real.astype(np.float32)

    def vector(self, position: Sequence[int]) -> NDArray[np.float64]:
        """Return the real values of one pixel.

        Parameters
        ----------
        position : sequence of int
            Index along each spatial axis.

        Returns
        -------
        array of float64, shape (C,)
        """
        return self.real_values(np.asarray(self.values[tuple(position)]))


def size_in_words(shape: Sequence[int]) -> str:
    """Return the size of an array of shape (..., C), as "height × width pixels × C features"."""
    *spatial, features = shape
    return f"{' × '.join(map(str, spatial))} pixels × {features} features"


def zero_position(low: float, high: float, top: int) -> float:
    """Return where zero lies between the numbers 0 and `top`, which stand for `low` and `high`.

    Parameters
    ----------
    low, high : float
        The one negative, the other positive.
    top : int
    """
    largest = max(-low, high)  # for the largest floats, and the smallest
    return top * (-low / largest / (high / largest - low / largest))


def zero_level(low: float, high: float, top: int) -> int | None:
    """Return which number stands for zero.

    Parameters
    ----------
    low, high : float
        The real values that 0 and `top` stand for.
    top : int
        The largest number.

    Returns
    -------
    int or None
        None if none between them does, up to rounding errors.
    """
    if not low < 0.0 < high:
        return None
    level = zero_position(low, high, top)
    nearest = round(level)
    is_one = 0 < nearest < top and abs(level - nearest) <= 1e-15 * top
    return nearest if is_one else None


def _checked_range(*ends: float) -> tuple[float, float]:
    """Return a value range as numbers of Python's."""
    low, high = (end.item() if isinstance(end, np.generic) else end for end in ends)
    if not (isfinite(low) and isfinite(high) and low <= high):
        raise DatasetError(
            f"a value range from {low} to {high}",
            expected="two finite numbers, the smaller one first",
            remedy="Correct the value range, or leave it out.",
        )
    return low, high


def check_feature_array(values: Any) -> None:
    """Raise unless an array can be the values of a feature stack.

    Parameters
    ----------
    values : array
        Of any kind that has a shape and a dtype: NumPy's, dask's, Zarr's.

    Raises
    ------
    DatasetError
        If it has fewer than three axes, an axis of length zero or values that are not real
        numbers.
    """
    if values.dtype.kind not in "buif":
        raise DatasetError(
            f"an array of type {values.dtype}",
            expected="real numbers: booleans, integers or floats",
            remedy="Convert it first, e.g. with abs(array) or array.astype('float32').",
        )
    if values.ndim < 3:
        raise DatasetError(
            f"an array of shape {values.shape}",
            expected="at least three axes, (..., height, width, features)",
            remedy="Stack the features along the last axis.",
        )
    if prod(values.shape) * values.dtype.itemsize > _MOST_BYTES:
        raise DatasetError(
            f"an array of shape {values.shape}",
            expected="fewer bytes than a computer can number",
            remedy="Check how the array was made: its shape can't be right.",
        )
    if 0 in values.shape:
        raise DatasetError(
            f"an array of shape {values.shape}, which is empty",
            expected="at least one pixel and one feature",
            remedy="Check how the array was made.",
        )
