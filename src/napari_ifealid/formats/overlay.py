"""The original image that a dataset can bring along."""

from __future__ import annotations

from io import BytesIO
from os import PathLike

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

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


def read_overlay(path: str | PathLike[str]) -> NDArray[np.uint8]:
    """Read an original image from a file of any kind that Pillow knows.

    Parameters
    ----------
    path : path
        Of any colour mode; transparency is left out, and grey of more than 8 bits is stretched. It
        is turned as its EXIF data say.

    Returns
    -------
    array of uint8, shape (height, width, 3)

    Raises
    ------
    DatasetError
        If it is no image, a damaged one, or one of more than MOST_PIXELS pixels.
    """
    try:
        with Image.open(path) as image:
            _check_size(image.width, image.height)
            return np.array(_as_rgb(ImageOps.exif_transpose(image)))
    except Image.DecompressionBombError as error:
        raise _too_large(str(error)).inside(path) from error
    except DatasetError as error:
        raise error.inside(path) from error.__cause__
    except (OSError, SyntaxError, ValueError) as error:
        raise DatasetError(
            f"no image that can be read ({error})",
            expected="an image, such as a JPEG, PNG or TIFF file",
            remedy="Check the path, or convert the image to JPEG or PNG.",
            file=path,
        ) from error


def encode_overlay(pixels: NDArray[np.uint8]) -> bytes:
    """Return a JPEG image, good enough to be read and written again and again.

    Parameters
    ----------
    pixels : array of uint8, shape (height, width, 3)
    """
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=100, subsampling=0)
    return stream.getvalue()


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):  # grey of more than 8 bits, which Pillow would clip
        grey = np.asarray(image, np.float64)
        low, high = np.nanmin(grey), np.nanmax(grey)
        stretched = np.nan_to_num((grey - low) * (255.0 / max(high - low, 1e-300)))
        image = Image.fromarray(np.rint(stretched).astype(np.uint8))
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
