"""How light a colour is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_WEIGHTS = np.array([0.2126, 0.7152, 0.0722])  # ITU-R BT.709


def luminance(colours: NDArray[Any]) -> NDArray[np.float64]:
    """Return the luminance of colours, the weighted mean of red, green and blue.

    Parameters
    ----------
    colours : array, shape (..., 3)
        RGB, as it is encoded.

    Returns
    -------
    array of float64, shape (...)
        In the range of the colours.

    Notes
    -----
    The weights are those of Recommendation ITU-R BT.709.
    """
    light: NDArray[np.float64] = np.asarray(colours) @ _WEIGHTS
    return light


def grey_image(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return an image in grey.

    Parameters
    ----------
    image : array of uint8, shape (h, w, 3)
        RGB.

    Returns
    -------
    array of uint8, shape (h, w)
    """
    return (luminance(image) + 0.5).astype(np.uint8)


def in_grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return an image in grey that is as transparent as it was.

    Parameters
    ----------
    image : array of uint8, shape (h, w, 3) or (h, w, 4)
        RGB or RGBA.

    Returns
    -------
    array of uint8, same shape
    """
    grey = image.copy()
    grey[..., :3] = grey_image(image[..., :3])[..., np.newaxis]
    return grey
