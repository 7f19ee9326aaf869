"""Images of any kind, read from files."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import SEEK_END
from math import prod
from os import PathLike
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from tifffile import COMPRESSION, EXTRASAMPLE, PHOTOMETRIC, TiffFile, TiffPage, TiffPageSeries

from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.jpeg import JPEG_START, check_scans
from napari_ifealid.formats.location import no_such_file
from napari_ifealid.formats.lzw_codes import check_lzw
from napari_ifealid.formats.png import HEADER_LENGTH, check_png_size
from napari_ifealid.formats.tiff_directories import check_chain
from napari_ifealid.memory import check_memory, out_of_memory
from napari_ifealid.regular_files import check_regular_file

_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_GREY = (PHOTOMETRIC.MINISBLACK, PHOTOMETRIC.MINISWHITE)
_ORIENTATION = 274  # number of the tag
_FLIPPED_AXES = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}  # by orientation
_BYTES_A_PIXEL = 3 * 8
"""Memory of an image while it is stretched or converted to RGB."""


def read_image(path: str | PathLike[str]) -> NDArray[Any]:
    """Read an image from a file of any kind that Pillow or tifffile knows.

    Parameters
    ----------
    path : path
        Of any colour mode. The image is turned as its EXIF data say, and opacity is left out.

    Returns
    -------
    array, shape (H, W) or (H, W, 3)
        Of a TIFF file, and of grey of more than 8 bits, the numbers that it holds; else uint8.

    Raises
    ------
    DatasetError
        If it is no image, a damaged one, more than one, or larger than the memory.
    """
    check_regular_file(path)
    try:
        with Path(path).open("rb") as stream, _large_images_allowed():
            is_tiff = stream.read(4) in _TIFF_STARTS
            return _tiff_pixels(stream) if is_tiff else _pixels(stream)
    except DatasetError as error:
        raise error.inside(path) from error.__cause__
    except MemoryError as error:
        raise out_of_memory("an image").inside(path) from error
    except FileNotFoundError as error:
        raise no_such_file(path) from error
    except Exception as error:  # decoders raise anything at all where a file is damaged
        is_unknown = isinstance(error, UnidentifiedImageError)
        reason = "it is of no kind that is known" if is_unknown else short_reason(error)
        raise DatasetError(
            f"no image that can be read ({reason})",
            expected="an image, such as a JPEG, PNG or TIFF file",
            remedy="Check the path, or convert the image to PNG.",
            file=path,
        ) from error


@contextmanager
def _large_images_allowed() -> Iterator[None]:
    """Leave out Pillow's warning of images that are large, but not too large."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            yield
        except Image.DecompressionBombError as error:
            raise DatasetError(
                str(error),
                expected="an image that Pillow holds to be harmless",
                remedy="Make the image smaller, or cut it into parts.",
            ) from error


def _pixels(stream: IO[bytes]) -> NDArray[Any]:
    """Read an image with Pillow, which knows all colours and compressions."""
    stream.seek(0)
    check_png_size(stream.read(HEADER_LENGTH), stream.seek(0, SEEK_END))
    # given a path instead, Pillow maps the file into memory, and scrambles a TIFF to be turned
    _check_scans(stream)
    with Image.open(stream) as image:
        image.verify()  # the checksums of a PNG, which are not looked at below
    with Image.open(stream) as image:
        check_memory(_BYTES_A_PIXEL * image.width * image.height)
        turned = ImageOps.exif_transpose(image)
        has_numbers = turned.mode.startswith(("I", "F"))  # grey, which Pillow would clip
        return np.array(turned if has_numbers else turned.convert("RGB"))


def _check_scans(stream: IO[bytes]) -> None:
    stream.seek(0)
    if stream.read(len(JPEG_START)) == JPEG_START:
        stream.seek(0)
        check_scans(stream.read())
    stream.seek(0)


def _tiff_pixels(stream: IO[bytes]) -> NDArray[Any]:
    """Read a TIFF file with Pillow where that loses nothing, else with tifffile."""
    check_chain(stream)
    with TiffFile(stream) as file:
        series = _only_image(file)
        page = series.keyframe
        _check_channels(page)
        if _suits_pillow(page):
            with suppress(UnidentifiedImageError):
                return _pixels(stream)
        return _tiff_numbers(stream, series, page)


def _only_image(file: TiffFile) -> TiffPageSeries:
    images = [series for series in file.series if not series.keyframe.is_reduced]
    count = sum(_image_count(series) for series in images)
    if not count:
        raise ValueError("it has no pages")
    if count > 1:
        raise DatasetError(
            f"{count} images in one file",
            expected="a single one",
            remedy="Save those that you need as files of their own, and colours as RGB.",
        )
    return images[0]


def _image_count(series: TiffPageSeries) -> int:
    lengths = zip(series.axes, series.shape, strict=True)
    return prod(length for axis, length in lengths if axis not in "YXS")


def _check_channels(page: TiffPage) -> None:
    channels = page.samplesperpixel - len(_opacities(page))
    if page.photometric in _GREY and channels not in (1, 3):
        raise DatasetError(
            f"an image of {channels} channels",
            expected="1 of grey, or 3 of red, green and blue",
            remedy="Save 1 or 3 of the channels as a file of its own.",
        )


def _opacities(page: TiffPage) -> list[int]:
    return [sample for sample in page.extrasamples if sample != EXTRASAMPLE.UNSPECIFIED]


def _suits_pillow(page: TiffPage) -> bool:
    """Return whether Pillow, should it know such a file, gives all bits of its numbers."""
    is_grey = page.samplesperpixel == 1 and page.photometric == PHOTOMETRIC.MINISBLACK
    return page.dtype in (bool, np.uint8) or (
        is_grey and page.dtype in (np.int16, np.uint16, np.float32)
    )


def _check_lzw(stream: IO[bytes], page: TiffPage) -> None:
    for place, count in zip(page.dataoffsets, page.databytecounts, strict=True):
        stream.seek(place)
        check_lzw(stream.read(count))


def _tiff_numbers(stream: IO[bytes], series: TiffPageSeries, page: TiffPage) -> NDArray[Any]:
    if page.photometric not in (*_GREY, PHOTOMETRIC.RGB):
        raise DatasetError(
            f"colours of the kind {PHOTOMETRIC(page.photometric).name}, of type {page.dtype}",
            expected="grey, RGB or, of other kinds, colours of 8 bits",
            remedy="Convert the image to RGB.",
        )
    check_memory(_BYTES_A_PIXEL * page.imagewidth * page.imagelength + series.nbytes)
    if page.compression == COMPRESSION.LZW:
        _check_lzw(stream, page)
    values = series.asarray()
    if values.shape != series.shape:
        raise ValueError(f"values for the shape {values.shape} instead of {series.shape}")
    if "S" in series.axes:
        channels = np.moveaxis(values, series.axes.index("S"), -1)
        values = channels[..., :3] if channels.shape[-1] > 2 else channels[..., 0]
    if page.photometric == PHOTOMETRIC.MINISWHITE:
        values = values.max() - values
    return _turned(values, page.tags.valueof(_ORIENTATION, 1))


def _turned(image: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn an image as the tag of this name says."""
    upright = image.swapaxes(0, 1) if orientation >= 5 else image
    return np.flip(upright, _FLIPPED_AXES.get(orientation, ()))
