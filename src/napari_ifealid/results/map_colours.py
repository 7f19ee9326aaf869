"""The colours of a map's values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def coloured(
    values: NDArray[Any],
    colours: NDArray[Any],
    limits: tuple[float, float],
    threshold: float | None = None,
) -> NDArray[np.float64]:
    """Return the colour of each value; NaN and values below the threshold are transparent.

    Parameters
    ----------
    values : array, shape (...)
    colours : array of float, shape (n, 4)
        RGBA between 0 and 1. Each has an equal part of the range between the limits.
    limits : (float, float)
        Values beyond them have the first and the last colour.
    threshold : float, optional
        Compared as float32.

    Returns
    -------
    array of float64, shape (..., 4)
    """
    values = np.asarray(values, np.float32)
    low, high = limits
    shares = np.clip(np.nan_to_num((values.astype(np.float64) - low) / (high - low)), 0.0, 1.0)
    levels = np.minimum(shares * len(colours), len(colours) - 1).astype(np.intp)
    rgba = np.asarray(colours, np.float64)[levels]
    rgba[np.isnan(values), 3] = 0.0
    if threshold is not None:
        rgba[values < np.float32(threshold), 3] = 0.0
    return rgba
