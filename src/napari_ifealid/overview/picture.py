"""Principal components as the colours of a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.colour_limits import stretched
from napari_ifealid.overview.components import PrincipalComponents

_PERCENTILES = (2.0, 98.0)
_NEUTRAL, _BRIGHTEST = 128, 255


def components_picture(components: PrincipalComponents) -> NDArray[np.uint8]:
    """Return components as red, green and blue, each between its 2nd and 98th percentile.

    Parameters
    ----------
    components : PrincipalComponents

    Returns
    -------
    array of uint8, shape (..., 4)
        RGBA. Pixels that are left out are black and transparent. The colour of a component that
        there is not, or along which nothing varies, is at half its intensity everywhere: a
        constant stack is grey.
    """
    projections = components.projections
    picture = np.full((*projections.shape[:-1], 4), _NEUTRAL, np.uint8)
    is_known = np.isfinite(projections).all(axis=-1)
    for number, variance in enumerate(components.variances):
        if variance > 0.0:
            picture[..., number] = _levels(projections[..., number])
    picture[..., 3] = _BRIGHTEST
    picture[~is_known] = 0
    return picture


def _levels(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    known = values[np.isfinite(values)]
    low, high = map(float, np.percentile(known, _PERCENTILES))
    if low == high:  # nearly all are equal: show those that are not
        low, high = stretched(known)
    levels = (values - np.float32(low)) * np.float32(_BRIGHTEST / (high - low))
    np.nan_to_num(levels, copy=False, nan=0.0)
    whole: NDArray[np.uint8] = np.clip(np.rint(levels), 0, _BRIGHTEST).astype(np.uint8)
    return whole
