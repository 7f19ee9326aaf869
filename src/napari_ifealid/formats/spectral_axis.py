"""Which axis of an array has its features, and what other arrays of the file tell of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.bands import Bands
from napari_ifealid.formats.cf_values import Packing, Unpacked, packing_of
from napari_ifealid.formats.described_array import DescribedArray, last_name
from napari_ifealid.formats.format import no_such_axis
from napari_ifealid.stack import FEATURE_AXIS_NAMES
from napari_ifealid.wavelength_units import NANOMETRES, known_unit, wavelength_labels

WAVELENGTH_NAMES = (
    *("wavelength", "wavelengths", "wl", "lambda", "lambdas"),
    *("wavelength_nm", "wavelengths_nm", "wavelength_um", "wavelengths_um"),
    *("center_wavelength", "center_wavelengths", "central_wavelength", "central_wavelengths"),
    *("centre_wavelength", "centre_wavelengths", "band_center", "band_centers", "bands"),
)
"""Names of arrays with the wavelength of each feature, in lower case, the surest first."""

_STANDARD_NAMES = ("radiation_wavelength", "sensor_band_central_radiation_wavelength")  # of CF
_WIDTH_NAMES = ("fwhm", "fwhms", "bandwidth", "bandwidths")
_FLAG_NAMES = ("good_wavelengths", "good_bands", "bbl")
_TEXTS = "UT"

TELLING_NAMES = frozenset((*WAVELENGTH_NAMES, *_WIDTH_NAMES, *_FLAG_NAMES))
"""Names of arrays that tell of features, in lower case."""


@dataclass(frozen=True)
class FeatureAxis:
    """The axis of an array along which its features lie, and what is known of them.

    Parameters
    ----------
    axis : int
        0 or greater.
    is_guessed : bool
        Whether nothing tells that it is this one.
    labels : tuple of str or float, length C, optional
    bands : Bands
    """

    axis: int
    is_guessed: bool
    labels: tuple[str | float, ...] | None
    bands: Bands

    @property
    def known(self) -> dict[str, Any]:
        """What is known of the features, as keyword arguments of a stack."""
        return {
            "feature_labels": self.labels,
            "bands": self.bands,
            "is_axis_guessed": self.is_guessed,
        }


def feature_axis_of(
    array: DescribedArray,
    vectors: Iterable[DescribedArray],
    *,
    asked: int | None,
    proposed: int,
) -> FeatureAxis:
    """Return the axis of an array that has its features.

    It is the one that is called so, else the only one that is as long as there are wavelengths in
    the file, else the proposed one.

    Parameters
    ----------
    array : DescribedArray
    vectors : iterable of DescribedArray
        Arrays of a single axis that the file has.
    asked : int or None
        The axis that the user asks for.
    proposed : int
        The axis to take where nothing tells.

    Raises
    ------
    DatasetError
        If there is no axis such as is asked for.
    """
    count = len(array.shape)
    if asked is not None and not -count <= asked < count:
        raise no_such_axis(asked, array.shape)
    near_first = sorted(vectors, key=lambda vector: _distance(array, vector))
    told = asked if asked is not None else _told_axis(array, near_first)
    axis = (proposed if told is None else told) % count
    fitting = [vector for vector in near_first if _fits(vector, array, axis)]
    wavelengths = _of_names(fitting, WAVELENGTH_NAMES, _STANDARD_NAMES)
    scales = [vector for vector in fitting if vector.name == _name(array, axis).lstrip("/")]
    labels, unit = _labels([*wavelengths, *scales])
    return FeatureAxis(axis, told is None, labels, _bands(fitting, unit))


def _told_axis(array: DescribedArray, vectors: Sequence[DescribedArray]) -> int | None:
    for axis, name in enumerate(array.axis_names):
        if last_name(name) in FEATURE_AXIS_NAMES:
            return axis
    for vector in _of_names(vectors, WAVELENGTH_NAMES, _STANDARD_NAMES):
        axes = [axis for axis in range(len(array.shape)) if _fits(vector, array, axis)]
        if len(axes) == 1:
            return axes[0]
    return None


def _fits(vector: DescribedArray, array: DescribedArray, axis: int) -> bool:
    """Return whether a vector has a value for each element of an axis."""
    if vector.shape != (array.shape[axis],):
        return False
    name, own = _name(array, axis), _name(vector, 0)
    are_dimensions = name.startswith("/") and own.startswith("/")
    return name == own or not are_dimensions


def _name(array: DescribedArray, axis: int) -> str:
    return array.axis_names[axis] if array.axis_names else ""


def _distance(array: DescribedArray, vector: DescribedArray) -> tuple[int, int, str]:
    """Return how far a vector is from an array, in the folders of the file."""
    own, other = (one.name.split("/")[:-1] for one in (array, vector))
    shared = list(takewhile(lambda pair: pair[0] == pair[1], zip(own, other, strict=False)))
    return -len(shared), len(other), vector.name


def _of_names(
    vectors: Sequence[DescribedArray], names: Sequence[str], standard_names: Sequence[str] = ()
) -> list[DescribedArray]:
    """Return the vectors of some names, those of the first names first."""
    by_name = [vector for name in names for vector in vectors if vector.short_name == name]
    by_meaning = [v for v in vectors if v.attributes.get("standard_name") in standard_names]
    return [*by_name, *by_meaning]


def _labels(
    candidates: Sequence[DescribedArray],
) -> tuple[tuple[str | float, ...] | None, str]:
    """Return the labels of the first vector that tells features apart, and their unit."""
    for vector in candidates:
        values = _real_values(vector)
        if values.dtype.kind in _TEXTS:
            return tuple(map(str, values)), ""
        labels = wavelength_labels(list(values), vector.unit)
        if labels is not None:
            return labels, known_unit(vector.unit)
    return None, ""


def _real_values(vector: DescribedArray) -> NDArray[Any]:
    """Return the values of a vector, NaN where they are missing; texts as they are."""
    values = vector.read()
    packing = packing_of(vector.attributes, values.dtype)
    return (
        values
        if values.dtype.kind in _TEXTS or packing == Packing()
        else Unpacked(values, packing)[...]
    )


def _bands(vectors: Sequence[DescribedArray], unit: str) -> Bands:
    widths = next(iter(_of_names(vectors, _WIDTH_NAMES)), None)
    flags = next(iter(_of_names(vectors, _FLAG_NAMES)), None)
    return Bands(
        widths=None if widths is None else _widths(widths, unit),
        is_good=None if flags is None else _flags(flags),
    )


def _widths(vector: DescribedArray, unit: str) -> tuple[float, ...] | None:
    """Return widths in the unit of the labels."""
    values = _real_values(vector)
    if values.dtype.kind in _TEXTS:
        return None
    own = known_unit(vector.unit) or unit
    factor = NANOMETRES.get(own, 1.0) / NANOMETRES.get(unit, 1.0)
    return tuple((values.astype(np.float64) * factor).tolist())


def _flags(vector: DescribedArray) -> tuple[bool, ...] | None:
    values = vector.read()
    return None if values.dtype.kind in _TEXTS else tuple((values != 0).tolist())
