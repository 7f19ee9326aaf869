"""Vectors in the space where those of a stack vary as much along all axes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures.background import Background

_AT_THE_MEAN = 1e-9
"""Whitened vectors that are shorter are the mean, but for rounding."""


def whitened(vectors: NDArray[np.float64], background: Background) -> NDArray[np.float64]:
    """Return vectors minus the mean, whitened by the covariance.

    Parameters
    ----------
    vectors : array, shape (..., C)
        In units of the background's scale.
    background : Background

    Returns
    -------
    array of float64, shape (..., K)
        Exactly zero at the mean; NaN for vectors that are not finite.
    """
    with np.errstate(invalid="ignore", over="ignore"):  # infinities
        white = (vectors - background.mean) @ background.whitening.T
        is_mean = np.abs(white).max(axis=-1, keepdims=True) < _AT_THE_MEAN
        white = np.where(is_mean, 0.0, white)
        white[~np.isfinite(vectors).all(axis=-1)] = np.nan
    return white
