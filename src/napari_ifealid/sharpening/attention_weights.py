"""Weights from the pixels of a stack that each pixel of its image attends to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.sharpening.weights import Weights

_BLOCK = 1 << 20  # entries that are rounded at once


def weights_of(
    pixels: NDArray[np.integer], shares: NDArray[np.floating], stack_pixels: int
) -> Weights:
    """Return the weights of an image, rounded to 16 bits.

    Parameters
    ----------
    pixels : array of int, shape (height, width, K)
        Numbers of pixels of the stack, in C order.
    shares : array of float, shape (height, width, K)
        Those of a pixel of the image add up to 1, or are all zero where it has no vector.
    stack_pixels : int
        Number of pixels of the stack.
    """
    height, width, taps = shares.shape
    weights = Weights.empty(taps, (height, width), stack_pixels)
    step = max(1, _BLOCK // (width * taps))
    for start in range(0, height, step):
        rows = slice(start, start + step)
        numbers, parts = np.moveaxis(pixels[rows], -1, 0), np.moveaxis(shares[rows], -1, 0)
        weights.set(rows, slice(None), numbers, parts)
    return weights
