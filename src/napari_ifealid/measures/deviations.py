"""Deviations of the values of vectors from their own mean."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures.beside_largest import beside_largest

_CONSTANT = 1e-13
"""Deviations below it, beside the largest value, are rounding: the vector is constant."""


def deviations(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """Return vectors minus the mean of each, divided by its largest value.

    Parameters
    ----------
    vectors : array, shape (..., C)

    Returns
    -------
    array of float64, shape (..., C)
        Exactly zero for vectors of equal values; NaN for those that are not finite.
    """
    scaled = beside_largest(vectors)
    from_mean: NDArray[np.float64] = scaled - scaled.mean(axis=-1, keepdims=True)
    is_constant = np.abs(from_mean).max(axis=-1, keepdims=True) < _CONSTANT
    return np.where(is_constant, 0.0, from_mean)
