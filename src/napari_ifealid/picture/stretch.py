"""The values of channels as the colours of a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.colour_limits import Limits, stretched
from napari_ifealid.picture.channels import Channels
from napari_ifealid.picture.visible_light import encoded

_PERCENTILES = (2.0, 98.0)
_SAMPLE = 1 << 20  # values: their percentiles are those of all of them
_BRIGHTEST = 255


def coloured(values: NDArray[np.float32], channels: Channels) -> NDArray[np.uint8]:
    """Return the values of channels as a picture, between their 2nd and 98th percentile.

    Light has the same limits for red, green and blue, so that hues stay; it is encoded as sRGB.

    Parameters
    ----------
    values : array of float32, shape (h, w, K)
        Changed in place.
    channels : Channels
        K of them.

    Returns
    -------
    array of uint8, shape (h, w, 4)
        RGBA. Pixels with a value that is not finite are black and transparent.
    """
    is_known = np.isfinite(values).all(axis=-1)
    values[~is_known] = 0.0
    if channels.are_light:
        np.maximum(values, 0.0, out=values)  # colours that no screen shows
    known = values[is_known]
    count = values.shape[-1]
    limits = [_limits(known)] * count if channels.are_light else list(map(_limits, known.T))
    picture = np.empty((*values.shape[:-1], 4), np.uint8)
    for rows in range(len(values)):  # so that little memory is needed
        levels = _between(values[rows], limits)
        levels = encoded(levels) if channels.are_light else levels
        added = np.minimum(levels @ channels.colours.astype(np.float32), 1.0)
        picture[rows, :, :3] = np.rint(_BRIGHTEST * added)
    picture[..., 3] = _BRIGHTEST
    picture[~is_known] = 0
    return picture


def _between(values: NDArray[np.float32], limits: list[Limits]) -> NDArray[np.float32]:
    """Return where values lie between limits, 0 to 1."""
    low, high = np.array(limits).T
    levels: NDArray[np.float32] = np.clip((values - low) / (high - low), 0.0, 1.0)
    return levels.astype(np.float32)


def _limits(values: NDArray[np.float32]) -> Limits:
    if values.size:
        step = values.size // _SAMPLE | 1  # odd, since lengths of rows are mostly even
        low, high = map(float, np.percentile(values.ravel()[::step], _PERCENTILES))
        if low < high:
            return low, high
    return stretched(values)  # nearly all are equal: show those that are not
