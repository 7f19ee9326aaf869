"""Between which values a map's colours run, and which of its levels lie below a threshold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.colormaps import LEVELS

Limits = tuple[float, float]

_STEP = 1e-6  # of a level: rounding on the screen must not hide a value that is at the threshold


def stretched(values: NDArray[np.float32]) -> Limits:
    """Return the smallest and the largest of a map's values, or more where these are equal."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if low < high:
        return low, high
    return (0.0, 1.0) if 0.0 <= low <= 1.0 else (low - 0.5, low + 0.5)


def hidden_levels(limits: Limits, threshold: float, gamma: float = 1.0) -> int:
    """Return how many levels, from the low end, are below a threshold.

    Parameters
    ----------
    limits : (float, float)
        Values of the low and of the high end.
    threshold : float
    gamma : float
        Levels go with this power of the value's place between the limits.
    """
    low, high = limits
    place: float = min(max((threshold - low) / (high - low), 0.0), 1.0) ** gamma
    return round(place * LEVELS)


def with_a_level_at(limits: Limits, threshold: float) -> Limits:
    """Return limits, wider by less than two levels, with a level that begins at the threshold.

    So it is exactly the values below the threshold whose levels are hidden.
    """
    low, high = limits
    if not low < threshold <= high:
        return limits
    place = (threshold - low) / (high - low)
    if place < 0.5:
        share = (np.ceil(place * LEVELS) + _STEP) / LEVELS
        return float((threshold - share * high) / (1.0 - share)), high
    share = (min(np.floor(place * LEVELS), LEVELS - 1) + _STEP) / LEVELS
    return low, float(low + (threshold - low) / share)
