"""The original image that a dataset can bring along."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_ifealid.errors import DatasetError, ShownPlainly, short_reason
from napari_ifealid.formats.jpeg import check_scans
from napari_ifealid.formats.png import HEADER_LENGTH, SIGNATURE, check_png, check_png_size
from napari_ifealid.memory import check_memory, out_of_memory

OVERLAY = "overlay.jpg"
MOST_PIXELS = 2**26
"""The most pixels that an overlay may have: 8192 × 8192."""

MOST_BYTES = 4 * MOST_PIXELS
_BYTES_A_PIXEL = 16  # while it is decoded and becomes RGB
_BLOCK = 1 << 20  # values that are stretched at a time

LONGEST_SIDE = 65_500
"""The most pixels that a side of a JPEG image may have."""


class OverlayWarning(ShownPlainly, UserWarning):
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
        If it is no such image, a damaged one, one of more than MOST_PIXELS pixels or that would
        take minutes, or if memory is short.
    """
    if content.startswith(SIGNATURE):
        check_png_size(content[:HEADER_LENGTH], len(content))
        check_png(content)  # Pillow leaves the checksums of the pixels unchecked
    check_scans(content)
    try:
        with Image.open(BytesIO(content), formats=("JPEG", "PNG")) as image:
            _check_size(image.width, image.height)
            check_memory(_BYTES_A_PIXEL * image.width * image.height)
            has_numbers = image.mode.startswith(("I", "F"))  # grey, which Pillow would clip
            return _rgb8(np.array(image if has_numbers else image.convert("RGB")))
    except Image.DecompressionBombError as error:
        raise _too_large(str(error)) from error
    except DatasetError:
        raise
    except MemoryError as error:
        raise out_of_memory("an image") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise DatasetError(
            f"no image that can be read ({short_reason(error)})",
            expected="a JPEG or PNG image",
            remedy="Replace the overlay by the original image and pack the ZIP again.",
        ) from error


def read_overlay(path: str | PathLike[str]) -> NDArray[np.uint8]:
    """Read an original image from a file of any kind that Pillow or tifffile knows.

    Parameters
    ----------
    path : path
        Of any colour mode; transparency is left out, and more than 8 bits are stretched. It is
        turned as its EXIF data say.

    Returns
    -------
    array of uint8, shape (height, width, 3)

    Raises
    ------
    DatasetError
        If it is no image, a damaged one, or one of more than MOST_PIXELS pixels.
    """
    from napari_ifealid.formats.images import read_image  # brings tifffile along

    image = read_image(path)
    try:
        _check_size(image.shape[1], image.shape[0])
    except DatasetError as error:
        raise error.inside(path) from error
    return _rgb8(image)


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


def _rgb8(image: NDArray[Any]) -> NDArray[np.uint8]:
    """Return an image of shape (h, w) or (h, w, 3) as RGB; other types than uint8 are stretched."""
    if image.dtype == np.uint8:
        return image if image.ndim == 3 else np.repeat(image[..., np.newaxis], 3, axis=-1)
    ends = np.array([_extremes(image[rows]) for rows in _row_blocks(image)])
    low, high = ends[:, 0].min(initial=np.inf), ends[:, 1].max(initial=-np.inf)
    factor = 255.0 / max(high - low, 1e-300)
    result = np.empty((*image.shape[:2], 3), np.uint8)
    for rows in _row_blocks(image):
        levels = np.clip((image[rows].astype(np.float64) - low) * factor, 0.0, 255.0)
        stretched = np.rint(np.nan_to_num(levels)).astype(np.uint8)
        result[rows] = stretched if image.ndim == 3 else stretched[..., np.newaxis]
    return result


def _extremes(values: NDArray[Any]) -> tuple[float, float]:
    """Return the least and the greatest finite value; infinities the wrong way round for none."""
    finite = values[np.isfinite(values)].astype(np.float64)
    return float(finite.min(initial=np.inf)), float(finite.max(initial=-np.inf))


def _row_blocks(image: NDArray[Any]) -> Iterator[slice]:
    """Yield rows of an image that are worked on together, so that little memory is needed."""
    step = max(1, _BLOCK // max(1, image[0].size))
    for start in range(0, len(image), step):
        yield slice(start, start + step)


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise _too_large(f"an image of {width} × {height} pixels")


def _too_large(found: str) -> DatasetError:
    return DatasetError(
        found,
        expected=f"at most {MOST_PIXELS:,} pixels",
        remedy="Make the overlay smaller and pack the ZIP again.",
    )
