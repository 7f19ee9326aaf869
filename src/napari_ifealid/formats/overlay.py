"""The original image that a dataset can bring along."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.png import SIGNATURE, check_png

OVERLAY = "overlay.jpg"
MOST_PIXELS = 2**26
"""The most pixels that an overlay may have: 8192 × 8192."""

MOST_BYTES = 4 * MOST_PIXELS


class OverlayWarning(UserWarning):
    """A dataset was opened without its overlay."""


def decode_overlay(content: bytes) -> NDArray[np.uint8]:
    """Return an overlay's pixels.

    Parameters
    ----------
    content : bytes
        The contents of a JPEG or PNG file, of any colour mode.

    Returns
    -------
    array of uint8, shape (height, width, 3)

    Raises
    ------
    DatasetError
        If it is no such image, a damaged one, or one of more than MOST_PIXELS pixels.
    """
    if content.startswith(SIGNATURE):
        check_png(content)  # Pillow leaves the checksums of the pixels unchecked
    try:
        with Image.open(BytesIO(content), formats=("JPEG", "PNG")) as image:
            _check_size(image.width, image.height)
            return np.array(_as_rgb(image))
    except Image.DecompressionBombError as error:
        raise _too_large(str(error)) from error
    except DatasetError:
        raise
    except (OSError, SyntaxError, ValueError) as error:
        raise DatasetError(
            f"no image that can be read ({error})",
            expected="a JPEG or PNG image",
            remedy="Replace the overlay by the original image and pack the ZIP again.",
        ) from error


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16-bit grey, which Pillow would clip at 255
        return Image.fromarray((np.asarray(image) // 257).astype(np.uint8)).convert("RGB")
    return image.convert("RGB")


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise _too_large(f"an image of {width} × {height} pixels")


def _too_large(found: str) -> DatasetError:
    return DatasetError(
        found,
        expected=f"at most {MOST_PIXELS:,} pixels",
        remedy="Make the overlay smaller and pack the ZIP again.",
    )
