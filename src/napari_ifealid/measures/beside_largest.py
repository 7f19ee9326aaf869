"""Vectors beside their own largest value, of which sums and squares cannot overflow."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def beside_largest(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """Return vectors divided by the largest magnitude of each.

    Parameters
    ----------
    vectors : array, shape (..., C)

    Returns
    -------
    array of float64, shape (..., C)
        From -1 to 1. Zero stays zero; infinities become NaN, and other values beside them zero.
    """
    vectors = np.asarray(vectors, np.float64)
    peak = np.abs(vectors).max(axis=-1, keepdims=True)
    # NumPy 1.26 pads rows with ones: divided by a subnormal number they overflow, and it warns
    with np.errstate(invalid="ignore", over="ignore"):
        scaled: NDArray[np.float64] = vectors / np.where(peak == 0, 1.0, peak)
    return scaled
