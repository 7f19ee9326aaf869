"""Numbers cut into parts whose weighted sums float32 holds with all their digits.

A weight is a whole number of at most 16 bits, and those of a pixel add up to `ONE`. Times parts
that are whole numbers of 8 bits, their sums have no more than 24 bits: float32 adds them without
rounding, in any order, also where a driver joins products and sums.
"""

from __future__ import annotations

from math import frexp, inf, isfinite

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.sharpening.weights import ONE

PARTS = 4
"""Parts of a number. The last one is rounded."""

_STEP = 256.0  # from a part's unit to the next one's
_UNITS = _STEP ** (PARTS - 1)  # of the last part in 1
_ROUNDING = np.float32(1.0 / 32.0)  # of differences, in units of the last part


def unit_of(numbers: NDArray[np.float64]) -> float:
    """Return the smallest power of two that exceeds all numbers.

    It is 1 if all of them are zero, and infinite if one is not finite.

    Parameters
    ----------
    numbers : array of float64, any shape
    """
    largest = float(np.abs(numbers).max(initial=0.0))
    if not isfinite(largest):
        return inf
    return 2.0 ** frexp(largest)[1] if largest > 0.0 else 1.0


def parts_of(numbers: NDArray[np.float64], unit: float) -> NDArray[np.float32]:
    """Cut numbers into parts, each of which counts 256 times the next one.

    Parameters
    ----------
    numbers : array of float64, shape (...)
    unit : float
        As `unit_of` returns it.

    Returns
    -------
    array of float32, shape (..., PARTS)
        From -256 to 256. All but the last are whole numbers.
    """
    parts = np.empty((*numbers.shape, PARTS), np.float32)
    rest = numbers / unit
    for part in range(PARTS - 1):
        rest *= _STEP
        whole = np.rint(rest)
        parts[..., part] = whole
        rest -= whole
    parts[..., -1] = rest
    return parts


def high_and_low(numbers: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return numbers as sums of two of float32, times `ONE`.

    Parameters
    ----------
    numbers : array of float64, shape (...)

    Returns
    -------
    high, low : array of float32, shape (...)
    """
    exact = numbers * ONE
    high = exact.astype(np.float32)
    return high, (exact - high).astype(np.float32)


def units_in(unit: float) -> float:
    """Return how many units of the last part a number of 1 has, a power of two.

    Parameters
    ----------
    unit : float
        As `unit_of` returns it.
    """
    return _UNITS / unit


def deviations(
    sums: NDArray[np.float32], high: NDArray[np.float32], low: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return how far numbers are above weighted sums of parts, the twin of `deviation.glsl`.

    Parameters
    ----------
    sums : array of float32, shape (..., PARTS)
        Of weights times parts.
    high, low : array of float32, shape (...)
        The numbers, times `ONE`, in units of the last part.

    Returns
    -------
    array of float32, shape (...)
        In units of the last part, divided by `ONE`. Exactly 0 where it is rounding only.
    """
    step, half = np.float32(_STEP), np.float32(0.5)
    first = np.floor(high / step**2 + half)
    rest = high - step**2 * first
    second = np.floor(rest / step + half)
    rest -= step * second
    third, whole = np.floor(rest + half), np.floor(low + half)
    apart = step * (first - sums[..., 0]) + (second - sums[..., 1])
    apart = step * apart + (third + whole - sums[..., 2])
    apart += (rest - third) + (low - whole) - sums[..., 3]
    near: NDArray[np.float32] = np.where(np.abs(apart) < _ROUNDING, np.float32(0.0), apart)
    return near
