"""Images as networks and filters take them: RGB between 0 and 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError


def as_rgb(image: NDArray[Any]) -> NDArray[np.float32]:
    """Return an image as RGB between 0 and 1.

    Parameters
    ----------
    image : array, shape (H, W), (H, W, 3) or (H, W, 4)
        A grey, RGB or RGBA image of any real type. Opacity is left out. Of other types than
        uint8, the smallest value is black and the largest white.

    Returns
    -------
    array of float32, shape (H, W, 3)

    Raises
    ------
    DatasetError
        If the array is no such image, or holds a NaN or an infinity.
    """
    is_image = image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (3, 4))
    if not is_image or min(image.shape[:2]) < 2:
        raise DatasetError(
            f"an array of shape {image.shape}",
            expected="an image of shape (height, width), (height, width, 3) or "
            "(height, width, 4), of 2 or more pixels a side",
            remedy="Choose one plane, and move the colours to the last axis.",
        )
    if image.dtype.kind not in "buif":
        raise DatasetError(
            f"an image of type {image.dtype}",
            expected="real numbers: booleans, integers or floats",
            remedy="Convert it first, e.g. with abs(image) or image.astype('float32').",
        )
    rgb = image[..., None].repeat(3, axis=-1) if image.ndim == 2 else image[..., :3]
    if rgb.dtype != np.uint8:
        return _stretched(rgb)
    scaled: NDArray[np.float32] = np.divide(rgb, 255, dtype=np.float32)
    return scaled


def _stretched(image: NDArray[Any]) -> NDArray[np.float32]:
    """Stretch the values of an image to 0 to 1."""
    if not np.isfinite(image).all():
        raise DatasetError(
            "NaN or infinity in the image",
            expected="finite numbers",
            remedy="Replace them first, e.g. with numpy.nan_to_num(image).",
        )
    values = image.astype(np.float64)
    values /= np.abs(values).max() or 1.0  # differences of the largest floats would overflow
    values -= values.min()
    values /= values.max() or 1.0
    return values.astype(np.float32)
