"""Colours of a similarity map: the fire table and the transparency ramp."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEVELS = 256

# The nodes of ImageJ's lookup table "Fire" (public domain), eight levels apart.
_FIRE_RED = "0 0 1 25 49 73 98 122 146 162 173 184 195 207 217 229 240 252" + " 255" * 14
_FIRE_GREEN = "0 " * 13 + "14 35 57 79 101 117 133 147 161 175 190 205 219 234 248 255 255 255 255"
_FIRE_BLUE = (
    "0 61 96 130 165 192 220 227 210 181 151 122 93 64 35 5 " + "0 " * 11 + "35 98 160 223 255"
)


def fire_table() -> NDArray[np.uint8]:
    """Return the colours of ImageJ's lookup table "Fire".

    Returns
    -------
    array of uint8, shape (256, 3)
        RGB from low to high.
    """
    level = np.arange(LEVELS) / 8
    nodes = (np.array(channel.split(), float) for channel in (_FIRE_RED, _FIRE_GREEN, _FIRE_BLUE))
    channels = [np.interp(level, np.arange(32), values) for values in nodes]
    return np.stack(channels, axis=-1).astype(np.uint8)


def with_transparency_ramp(colours: ArrayLike, base: float) -> NDArray[np.float64]:
    """Return colours whose opacity rises along the table.

    Parameters
    ----------
    colours : array of float, shape (N, 3) or (N, 4)
        RGB or RGBA between 0 and 1, from low to high. An alpha channel is replaced.
    base : float
        Opacity at the low end, 0 to 1. Opacity is min(1, t + base) for t from 0 to 1.

    Returns
    -------
    array of float64, shape (N, 4)
    """
    rgb = np.asarray(colours, np.float64)[:, :3]
    alpha = np.minimum(1.0, np.arange(len(rgb)) / (len(rgb) - 1) + base)
    return np.column_stack([rgb, alpha])


def base_opacity(*, has_image: bool) -> float:
    """Return the opacity of the least similar pixels that a map has unless another is chosen.

    Parameters
    ----------
    has_image : bool
        Whether an image lies under the map, and shines through.
    """
    return 0.1 if has_image else 1.0
