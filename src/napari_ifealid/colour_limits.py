"""Between which values a map's colours run, and which of its levels lie below a threshold."""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.colormaps import LEVELS

Limits = tuple[float, float]

_STEP = 1e-6  # of a level: rounding on the screen must not hide a value that is at the threshold
_PERCENTILES = (1.0, 99.0)


class ColourRange(Enum):
    """Between which values the colours run."""

    EACH_MAP = "smallest to largest"
    PERCENTILES = "1st to 99th percentile"
    ALL = "all possible values"
    MINE = "as I set them"

    @property
    def is_of_each_map(self) -> bool:
        """Whether the limits change with each map."""
        return self in (ColourRange.EACH_MAP, ColourRange.PERCENTILES)


def stretched(
    values: NDArray[np.float32], percentiles: tuple[float, float] | None = None
) -> Limits:
    """Return the smallest and the largest of a map's values, or more where these are equal.

    Parameters
    ----------
    values : array of float32
        Those that are not finite are left out.
    percentiles : (float, float), optional
        Instead of the smallest and the largest, between 0 and 100.
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        low, high = 0.0, 1.0
    elif percentiles is None:
        low, high = float(finite.min()), float(finite.max())
    else:
        low, high = map(float, np.percentile(finite, percentiles))
    if low < high:
        return low, high
    return (0.0, 1.0) if 0.0 <= low <= 1.0 else (low - 0.5, low + 0.5)


def colour_limits(
    choice: ColourRange, values: NDArray[np.float32], every: Limits, mine: Limits
) -> Limits:
    """Return the limits of a map's colours.

    Parameters
    ----------
    choice : ColourRange
    values : array of float32
        The map.
    every : (float, float)
        Limits of all values that there can be.
    mine : (float, float)
        Limits that the user has set.
    """
    match choice:
        case ColourRange.MINE:
            return mine
        case ColourRange.ALL:
            return every
        case ColourRange.PERCENTILES:
            return stretched(values, _PERCENTILES)
        case ColourRange.EACH_MAP:
            return stretched(values)


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

    So it is exactly the values below the threshold whose levels are hidden. Limits that are all
    on one side of the threshold are widened until it is between them.
    """
    low, high = min(limits[0], threshold), max(limits[1], threshold)
    place = (threshold - low) / (high - low)
    if place < 0.5:
        share = (max(np.ceil(place * LEVELS), 1) + _STEP) / LEVELS
        return float((threshold - share * high) / (1.0 - share)), high
    share = (min(np.floor(place * LEVELS), LEVELS - 1) + _STEP) / LEVELS
    return low, float(low + (threshold - low) / share)
