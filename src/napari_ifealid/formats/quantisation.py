"""Real values as unsigned integers of 8, 16 or 32 bits, and back."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, isfinite
from sys import float_info
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.real_type import real_type
from napari_ifealid.good_features import good_features
from napari_ifealid.stack import FeatureStack, zero_level, zero_position
from napari_ifealid.tracking import Track, every_item, untracked

_PIECE_VALUES = 1 << 17  # a piece stays in a core's cache


@dataclass(frozen=True, eq=False)
class Quantisation:
    """How the values of a stack become unsigned integers.

    A number of b bits is q = round((v − low) / (high − low) · (2ᵇ − 1)), as in IFeaLiD.

    Parameters
    ----------
    stack : FeatureStack
    dtype : numpy dtype
        Of the quantised values, unsigned.
    low, high : int or float
        Which values become 0 and the largest number. Where they are equal, all values are, and
        become the largest number, or 0 if they are zero: so a constant keeps its direction.
    nonfinite : float, optional
        Replacement for NaN and infinities.
    """

    stack: FeatureStack
    dtype: np.dtype[Any]
    low: float
    high: float
    nonfinite: float | None = None

    @property
    def value_range(self) -> tuple[float, float]:
        """Real values of the smallest and the largest storable number."""
        if _keeps_numbers(self.stack, self.dtype):
            assert self.stack.value_range is not None
            return self.stack.value_range
        return self.low, self.high

    def quantised(self, features: slice) -> NDArray[Any]:
        """Return the numbers for some features.

        Parameters
        ----------
        features : slice

        Returns
        -------
        array of unsigned integers, shape (height, width, N)
        """
        stored = self.stack.values[..., features]
        numbers = np.empty(stored.shape, self.dtype)
        for rows in _pieces(stored):
            piece = _values(self.stack, self.dtype, stored[rows], self.nonfinite)
            numbers[rows] = self._numbers(piece)
        return numbers

    def _numbers(self, values: NDArray[Any]) -> NDArray[Any]:
        top = int(np.iinfo(self.dtype).max)
        if self.low == self.high:
            constant: NDArray[Any] = np.where(values == 0, 0, top).astype(self.dtype)
            return constant
        if isinstance(self.low, int) and isinstance(self.high, int):
            span = self.high - self.low
            if top % span == 0:  # exact modulo 2ᵇ, since an offset is at most top
                offsets = values.astype(self.dtype) - self.dtype.type(self.low % (top + 1))
                exact: NDArray[Any] = offsets * self.dtype.type(top // span)
                return exact
            # modulo 2⁶⁴, so that all of int64 is exact
            offsets = values.astype(np.uint64) - np.uint64(self.low % 2**64)
            fractions = offsets / float(span)
        else:
            # a range beyond the largest float is halved
            half = 1.0 if isfinite(self.high - self.low) else 0.5
            fractions = values.astype(np.float64)
            fractions *= half
            fractions -= self.low * half
            fractions /= self.high * half - self.low * half
        fractions *= top
        np.rint(np.clip(fractions, 0, top, out=fractions), out=fractions)
        numbers: NDArray[Any] = fractions.astype(self.dtype)
        return numbers


def quantisation(
    stack: FeatureStack,
    precision: int,
    *,
    nonfinite: float | None = None,
    track: Track = untracked,
) -> Quantisation:
    """Find the range of a stack's values.

    It is that from the minimum to the maximum. A stack that is quantised already, with no more
    bits, keeps its range, so that nothing is lost. A range that runs from negative to positive
    values is widened, by a step at most, where some pixel is all zero and zero would not be
    one of the steps: else that pixel would get a direction.

    Parameters
    ----------
    stack : FeatureStack
    precision : {8, 16, 32}
        Bits of a number.
    nonfinite : float, optional
        Replacement for NaN and infinities.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Raises
    ------
    DatasetError
        If there are NaN or infinities, and nothing stands in for them.
    """
    dtype = np.dtype(f"u{precision // 8}")
    if _keeps_numbers(stack, dtype):
        return Quantisation(stack, dtype, 0, int(np.iinfo(stack.values.dtype).max))
    lows, highs, has_zero_pixel, nans, infinities = [], [], False, 0, 0
    pieces = list(_pieces(stack.values))
    description = f"Measuring {stack.name}"
    for rows in every_item(track, pieces, total=len(pieces), desc=description):
        piece = _values(stack, dtype, stack.values[rows], nonfinite)
        if piece.dtype.kind == "f":
            nans += int(np.count_nonzero(np.isnan(piece)))
            infinities += int(np.count_nonzero(np.isinf(piece)))
        lows.append(piece.min())
        highs.append(piece.max())
        has_zero_pixel = has_zero_pixel or not piece.any(axis=-1).all()
    if nans or infinities:
        raise _not_finite(stack, nans, infinities)
    kind = int if stack.stores_real_values and stack.values.dtype.kind != "f" else float
    low, high = kind(min(lows)), kind(max(highs))
    if low < 0 < high and has_zero_pixel:
        low, high = _with_zero(low, high, int(np.iinfo(dtype).max))
    return Quantisation(stack, dtype, low, high, nonfinite)


def restored(stack: FeatureStack) -> NDArray[Any]:
    """Return the real values of a stack as an array of the type that they had.

    Returns
    -------
    array, shape (..., C)
        Of the stack's `real_dtype`. Integers are exact if their range has no more values than
        the stack has numbers. Without a `real_dtype` float32, or float64 where that does not hold
        all stored ones.
        Values that are the real ones are returned as they are, without a copy.
    """
    if stack.stores_real_values:
        return stack.values
    dtype = stack.real_dtype or real_type(stack.values.dtype)
    result = np.empty(stack.values.shape, dtype)
    for rows in _pieces(stack.values):
        result[rows] = _restored(stack, stack.values[rows], dtype)
    return result


def _restored(stack: FeatureStack, numbers: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    if stack.value_range is None or stack.nodata is not None:
        with np.errstate(over="ignore"):  # beyond the type's largest float
            return stack.real_values(numbers).astype(dtype)
    low, high = stack.value_range
    if not (_is_held(low, dtype) and _is_held(high, dtype)):
        return _nearest(stack.real_values(numbers), dtype)
    top = int(np.iinfo(numbers.dtype).max)
    fractions = numbers.astype(np.float64) / top
    most = np.nextafter(2.0**64, 0.0)  # what uint64 can hold
    offsets = np.rint(np.minimum(fractions * float(high - low), most)).astype(np.uint64)
    offsets[numbers == top] = high - low
    zero = zero_level(low, high, top)
    if zero is not None:
        offsets[numbers == zero] = -low
    # modulo 2⁶⁴, so that all of int64 is exact
    return (offsets + np.uint64(low % 2**64)).astype(dtype)


def _is_held(end: float, dtype: np.dtype[Any]) -> bool:
    """Return whether an end of a range is an integer that a type of integers has."""
    lowest, highest = _limits(dtype)
    return dtype.kind != "f" and isinstance(end, int) and bool(lowest <= end <= highest)


def _nearest(real: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return real values as a type, which a widened range may exceed."""
    lowest, highest = _limits(dtype)
    if dtype.kind == "f":
        return np.clip(real, lowest, highest).astype(dtype)
    # the largest of int64 is no float: cut off what is less than the next one
    return np.clip(np.rint(real), lowest, np.nextafter(highest + 1.0, 0.0)).astype(dtype)


def _limits(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    if dtype.kind == "b":
        return 0, 1
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    return limits.min, limits.max


def _keeps_numbers(stack: FeatureStack, dtype: np.dtype[Any]) -> bool:
    is_quantised = stack.value_range is not None and stack.nodata is None
    return is_quantised and stack.values.dtype.itemsize <= dtype.itemsize


def _values(
    stack: FeatureStack, dtype: np.dtype[Any], stored: NDArray[Any], nonfinite: float | None
) -> NDArray[Any]:
    """Return the values to quantise: finite real values, or numbers that are kept."""
    if not stack.stores_real_values and not _keeps_numbers(stack, dtype):
        real = stack.real_values(stored)
        return real if nonfinite is None else np.where(np.isfinite(real), real, nonfinite)
    if stored.dtype.itemsize > 8:
        with np.errstate(over="ignore"):  # long doubles beyond the largest float: infinite
            stored = stored.astype(np.float64)
    if stored.dtype.kind == "f" and nonfinite is not None:
        return np.where(np.isfinite(stored), stored, stored.dtype.type(nonfinite))
    return stored


def _with_zero(low: float, high: float, top: int) -> tuple[float, float]:
    """Widen a range so that zero is one of its steps."""
    if zero_level(low, high, top) is not None:
        return low, high
    level = zero_position(low, high, top)
    levels = (min(max(1, floor(level) + up), top - 1) for up in (0, 1))
    step, level = min((max(-low / level, high / (top - level)), level) for level in levels)
    wider = -level * step, (top - level) * step
    is_normal = step >= float_info.min and isfinite(wider[0]) and isfinite(wider[1])
    return wider if is_normal else (low, high)


def _pieces(values: NDArray[Any]) -> list[slice]:
    length = max(1, _PIECE_VALUES * len(values) // max(1, values.size))
    return [slice(start, start + length) for start in range(0, len(values), length)]


def _not_finite(stack: FeatureStack, nans: int, infinities: int) -> DatasetError:
    missing = "NaN" if stack.nodata is None else f"missing values ({stack.nodata:g} or NaN)"
    is_bad = good_features(stack) is not None
    leave_out = "leave bad bands out (napari-ifealid create --bands good), " if is_bad else ""
    return DatasetError(
        f"{nans:,} {missing} and {infinities:,} infinities among {stack.values.size:,} values",
        expected="finite values, since the format has no others",
        remedy=f"Correct them, {leave_out}or have them replaced: napari-ifealid create "
        "--replace-nonfinite 0, nonfinite=0.",
    )
