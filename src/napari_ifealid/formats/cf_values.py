"""Values packed by the conventions of netCDF and CF, as those of a stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.formats.features_last import StoredArray
from napari_ifealid.formats.real_type import real_type

_MISSING_KEYS = ("_FillValue", "missing_value", "Data_Ignore_Value")
_RANGE_KEYS = ("valid_range", "valid_min", "valid_max")
_FLOATS = "f"

_UNWRITTEN = {
    "i2": -(2**15) + 1,
    "i4": -(2**31) + 1,
    "i8": -(2**63) + 2,
    "u2": 2**16 - 1,
    "u4": 2**32 - 1,
    "u8": 2**64 - 2,
    **dict.fromkeys(("f4", "f8"), 15.0 * 2.0**119),
}  # netCDF's user guide; of bytes all are values

PACKING_KEYS = ("scale_factor", "add_offset", "_Unsigned", *_MISSING_KEYS, *_RANGE_KEYS)
"""Attributes that count."""


@dataclass(frozen=True)
class Packing:
    """How the values of an array are packed: real = gain · stored + offset.

    Parameters
    ----------
    gain, offset : float
    missing : tuple of float
        Stored values that stand for none.
    low, high : float or None
        Stored values below and above stand for none.
    is_unsigned : bool
        Whether stored signed integers stand for unsigned ones.
    """

    gain: float = 1.0
    offset: float = 0.0
    missing: tuple[float, ...] = ()
    low: float | None = None
    high: float | None = None
    is_unsigned: bool = False

    @property
    def is_simple(self) -> bool:
        """Whether a stack tells it by its gain and its one missing value."""
        has_range = self.low is not None or self.high is not None
        is_shifted = self.offset != 0.0 or self.gain <= 0.0 or self.is_unsigned
        return not has_range and not is_shifted and len(self.missing) <= 1


def packing_of(attributes: Mapping[str, Any], dtype: np.dtype[Any]) -> Packing:
    """Return how an array is packed.

    Parameters
    ----------
    attributes : mapping
        Of the array: the `PACKING_KEYS` count, where they are numbers.
    dtype : numpy dtype
        Of the stored values.
    """
    gain, offset = _number(attributes, "scale_factor", 1.0), _number(attributes, "add_offset", 0.0)
    if not (isfinite(gain) and gain != 0.0 and isfinite(offset)):
        gain, offset = 1.0, 0.0
    is_unsigned = dtype.kind == "i" and str(attributes.get("_Unsigned")).lower() == "true"
    read = np.dtype(f"u{dtype.itemsize}") if is_unsigned else dtype
    found = [number for key in _MISSING_KEYS for number in _numbers(attributes.get(key))]
    if is_unsigned:
        found = [number % 2.0 ** (8 * dtype.itemsize) for number in found]
    missing = tuple(dict.fromkeys(number for number in found if _is_of_type(number, read)))
    low, high = _valid_range(attributes, dtype, gain, offset)
    return _without_needless_range(Packing(gain, offset, missing, low, high, is_unsigned), read)


def unwritten_value(dtype: np.dtype[Any]) -> float | None:
    """Return what netCDF fills a variable with that has no `_FillValue`, before it is written.

    Parameters
    ----------
    dtype : numpy dtype

    Returns
    -------
    float or None
        None for types of which any value may have been written.
    """
    return _UNWRITTEN.get(dtype.str[1:])


def unpacked(array: StoredArray, packing: Packing) -> tuple[StoredArray, dict[str, Any]]:
    """Return an array, and how a stack's values stand for real ones.

    Parameters
    ----------
    array : StoredArray
    packing : Packing

    Returns
    -------
    array : StoredArray
        As it is where a stack can tell how its values are packed, else with the real values.
    storage : dict
        Keyword arguments of a stack.
    """
    if packing.is_simple:
        nodata = packing.missing[0] if packing.missing else None
        return array, {"gain": packing.gain, "nodata": nodata}
    return Unpacked(array, packing), {}


@dataclass(frozen=True, eq=False)
class Unpacked:
    """The real values of a packed array, as floats: NaN where there is none.

    Parameters
    ----------
    array : StoredArray
    packing : Packing
    """

    array: StoredArray
    packing: Packing

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of its axes."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of its values: float32, or float64 where the stored ones need it."""
        return real_type(self.array.dtype)

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Read a part: the index has a slice of step 1 or an int for each axis."""
        packing = self.packing
        stored = np.asarray(self.array[index])  # of ints alone a scalar
        if packing.is_unsigned:
            stored = stored.view(f"u{stored.dtype.itemsize}")
        is_missing = np.zeros(stored.shape, bool)
        for number in packing.missing:
            is_missing |= stored == number
        if packing.low is not None:
            is_missing |= stored < packing.low
        if packing.high is not None:
            is_missing |= stored > packing.high
        with np.errstate(over="ignore", invalid="ignore"):  # beyond the largest floats
            real = stored.astype(np.float64)
            real *= packing.gain
            real += packing.offset
            real[is_missing] = np.nan
            return real.astype(self.dtype)


def _valid_range(
    attributes: Mapping[str, Any], dtype: np.dtype[Any], gain: float, offset: float
) -> tuple[float | None, float | None]:
    """Return the smallest and the largest stored value that is valid."""
    ends = _numbers(attributes.get("valid_range"))
    if len(ends) != 2 or ends[0] > ends[1]:
        ends = [_number(attributes, key, np.nan) for key in ("valid_min", "valid_max")]
    kinds = {np.asarray(attributes[key]).dtype.kind for key in _RANGE_KEYS if key in attributes}
    # netCDF's user guide: floats beside packed integers are real values
    is_real = dtype.kind not in _FLOATS and kinds == {"f"} and (gain, offset) != (1.0, 0.0)
    low, high = ((end - offset) / gain if is_real else end for end in ends)
    if is_real and gain < 0.0:
        low, high = high, low
    return (None if isnan(low) else low), (None if isnan(high) else high)


def _without_needless_range(packing: Packing, dtype: np.dtype[Any]) -> Packing:
    """Return a packing whose range leaves out more than the missing value, or which has none."""
    if dtype.kind not in "iu" or (packing.low is None and packing.high is None):
        return packing
    limits = np.iinfo(dtype)
    low = limits.min if packing.low is None else max(limits.min, int(np.ceil(packing.low)))
    high = limits.max if packing.high is None else min(limits.max, int(np.floor(packing.high)))
    left_out = (low - limits.min) + (limits.max - high)
    if left_out > 1:
        return packing
    outside = (float(limits.min if low > limits.min else limits.max),) if left_out else ()
    missing = tuple(dict.fromkeys([*packing.missing, *outside]))
    return Packing(packing.gain, packing.offset, missing, is_unsigned=packing.is_unsigned)


def _is_of_type(number: float, dtype: np.dtype[Any]) -> bool:
    """Return whether a number can be among values of a type; NaN is none there already."""
    if dtype.kind in _FLOATS:
        return not isnan(number)
    if dtype.kind not in "iu" or not isfinite(number) or number != int(number):
        return False
    limits = np.iinfo(dtype)
    return float(limits.min) <= number <= float(limits.max)  # which may be above the largest


def _number(attributes: Mapping[str, Any], key: str, default: float) -> float:
    numbers = _numbers(attributes.get(key))
    return numbers[0] if len(numbers) == 1 else default


def _numbers(value: Any) -> list[float]:
    """Return the numbers of an attribute, also those in a text; none of another one."""
    if value is None:
        return []
    try:
        # of a float32 the number with the fewest digits that it can't tell from it
        return [float(str(one)) for one in np.atleast_1d(np.asarray(value))]
    except (TypeError, ValueError):
        return []
