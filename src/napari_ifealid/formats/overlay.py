"""The original image that a dataset can bring along."""

from __future__ import annotations

from io import BytesIO
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.png import SIGNATURE, check_png

OVERLAY = "overlay.jpg"
MOST_PIXELS = 2**26
"""The most pixels that an overlay may have: 8192 × 8192."""

MOST_BYTES = 4 * MOST_PIXELS
LONGEST_SIDE = 65_500
"""The most pixels that a side of a JPEG image may have."""


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
        _check_complete(Path(path))
        # Pillow maps a file that it opens itself into memory, and turns such images wrongly
        with Path(path).open("rb") as stream, Image.open(stream) as image:
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

    Raises
    ------
    DatasetError
        If there are more than MOST_PIXELS pixels, or more than LONGEST_SIDE along a side.
    """
    height, width, _ = pixels.shape
    _check_size(width, height)
    if max(height, width) > LONGEST_SIDE:
        raise DatasetError(
            f"an overlay of {width} × {height} pixels",
            expected=f"at most {LONGEST_SIDE:,} pixels along a side, the most that JPEG has",
            remedy="Make the overlay smaller.",
        )
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=100, subsampling=0)
    return stream.getvalue()


def _check_complete(path: Path) -> None:
    """Raise OSError if a file is a damaged PNG, of which Pillow leaves the checksums unchecked."""
    with path.open("rb") as stream:
        start = stream.read(len(SIGNATURE))
        if start != SIGNATURE:
            return
        try:
            check_png(start + stream.read())
        except DatasetError as error:
            raise OSError(error.found) from error


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):  # grey of more than 8 bits, which Pillow would clip
        grey = np.asarray(image, np.float64)
        finite = grey[np.isfinite(grey)]
        low, high = finite.min(initial=np.inf), finite.max(initial=-np.inf)
        stretched = np.clip((grey - low) * (255.0 / max(high - low, 1e-300)), 0.0, 255.0)
        image = Image.fromarray(np.rint(np.nan_to_num(stretched)).astype(np.uint8))
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
