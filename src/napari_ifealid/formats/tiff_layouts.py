"""Which pages of a TIFF are one image, and along which axes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.file_state import FileState
from napari_ifealid.formats.location import Location, cannot_open
from napari_ifealid.formats.proposed_axis import proposed_axis
from napari_ifealid.formats.tiff_directories import check_chain
from napari_ifealid.formats.tiff_log import tifffile_silenced

GDAL_METADATA, GDAL_NODATA = 42112, 42113
COPY_AGAIN = "Copy or download the file again."
SAVE_AGAIN = "Save it as a TIFF without these, e.g. with gdal_translate or in Fiji."

_CHANNEL_AXES = "CSE"  # channels, samples, wavelengths of excitation: the first one counts
_PAGE_AXES = "IQ"  # of pages that nothing is known of
_EXTRA_SAMPLES = 338
_ALPHA = {1, 2}
_GRAYS = {tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.MINISWHITE}


def spatial_letters(count: int) -> str:
    """Return the letters of spatial axes, as tifffile knows them: the last are T, Z, Y and X.

    Parameters
    ----------
    count : int
        Of the axes, at least two.
    """
    return "Q" * (count - 4) + "TZYX"[-min(count, 4) :]


@dataclass(frozen=True, eq=False)
class TiffLayout:
    """How the pages of an image are arranged.

    Parameters
    ----------
    number : int
        Of the image among all in the file.
    name : str
        What the file calls it; empty if nothing.
    axes : str
        A letter for each axis: "YX" of the image, "S" of its samples, others of its pages.
    shape : tuple of int
        Their lengths.
    image_axes : str
        "YX", "YXS" or "SYX", the last ones of the axes.
    tags : mapping of int to anything
        Of its first page.
    is_grey : bool
        Whether its samples are no colours.
    """

    number: int
    name: str
    axes: str
    shape: tuple[int, ...]
    image_axes: str
    tags: Mapping[int, Any]
    is_grey: bool

    @property
    def image_count(self) -> int:
        """How many images of rows and columns it is made of."""
        return prod(self.shape[: -len(self.image_axes)])

    @property
    def known_axis(self) -> int | None:
        """The axis of the features, None where nothing tells."""
        return next((self.axes.index(axis) for axis in _CHANNEL_AXES if axis in self.axes), None)

    @property
    def guessed_axis(self) -> int:
        """The axis that most likely is that of the features."""
        if "Q" in self.axes:  # of an array that was saved as it is, whatever its axes
            return proposed_axis(self.shape)
        return max(self.axes.find("I"), 0)

    @property
    def is_stack(self) -> bool:
        """Whether it is meant as a stack of features, not as a photo or as a stack of photos."""
        if self.known_axis is None:
            return self.is_grey and any(axis in self.axes for axis in _PAGE_AXES)
        if self.axes[self.known_axis] != "S":
            return True
        samples = self.shape[self.known_axis]
        extra = np.atleast_1d(self.tags.get(_EXTRA_SAMPLES, 0)).tolist()
        is_photo = samples <= 2 and bool(_ALPHA & set(extra)) if self.is_grey else samples <= 4
        return not is_photo or "wavelength" in str(self.tags.get(GDAL_METADATA, ""))


def layouts(location: Location) -> list[TiffLayout]:
    """Return the layouts of all images of a TIFF.

    Parameters
    ----------
    location : path

    Raises
    ------
    DatasetError
        If the file is damaged, or of a kind that can't be read.
    """
    with opened_tiff(Path(location)) as (tiff, _):
        return [layout_of(tiff, number) for number in image_numbers(tiff)]


@contextmanager
def opened_tiff(path: Path) -> Iterator[tuple[tifffile.TiffFile, FileState]]:
    """Open a TIFF, and turn whatever is wrong with it into a DatasetError.

    Parameters
    ----------
    path : path
    """
    try:
        with tifffile_silenced(), path.open("rb") as stream:
            state = FileState.of(os.fstat(stream.fileno()))
            check_chain(stream)
            with tifffile.TiffFile(stream, name=str(path)) as tiff:
                yield tiff, state
    except DatasetError as error:
        raise error.inside(path) from error.__cause__
    except OSError as error:
        raise cannot_open(path, error) from error
    except Exception as error:  # each part of the metadata fails in its own way
        raise DatasetError(
            f"a damaged TIFF ({short_reason(error)})",
            expected="directories of images as the TIFF specification has them",
            remedy=COPY_AGAIN,
            file=path,
        ) from error


def image_numbers(tiff: tifffile.TiffFile) -> list[int]:
    """Return the numbers of all images that are no smaller copies and no masks of others."""
    return [
        number
        for number, series in enumerate(tiff.series)
        if not (series.keyframe.is_reduced or series.keyframe.is_mask)
    ]


def mask_numbers(tiff: tifffile.TiffFile, size: tuple[int, int]) -> list[int]:
    """Return the numbers of the masks of images of a size.

    Parameters
    ----------
    tiff : TiffFile
    size : (int, int)
        Height and width.
    """
    return [
        number
        for number, series in enumerate(tiff.series)
        if series.keyframe.is_mask
        and not series.keyframe.is_reduced
        and (series.keyframe.imagelength, series.keyframe.imagewidth) == size
    ]


def layout_of(tiff: tifffile.TiffFile, number: int) -> TiffLayout:
    """Return the layout of an image.

    Parameters
    ----------
    tiff : TiffFile
    number : int
        Of the image.

    Raises
    ------
    DatasetError
        If it is of a kind that can't be read.
    """
    series = tiff.series[number]
    page = series.keyframe
    image_axes, image_shape = _axes_of_page(page)
    leading = [
        (axis, length)
        for axis, length in zip(series.axes, series.shape, strict=True)
        if axis not in "YXS"
    ]
    count = prod(length for _, length in leading)
    if page.dtype is None or page.imagedepth != 1 or count * prod(image_shape) != series.size:
        raise DatasetError(
            f"images of the kind {series.axes} {series.shape}, {page.bitspersample} bits",
            expected="images of whole bytes, of rows and columns",
            remedy=SAVE_AGAIN,
        )
    # axes of a single element tell nothing, except for those of an image
    kept = [(axis, length) for axis, length in leading if length > 1]
    return TiffLayout(
        number=number,
        name=series.name,
        axes="".join(axis for axis, _ in kept) + image_axes,
        shape=(*(length for _, length in kept), *image_shape),
        image_axes=image_axes,
        tags={tag.code: tag.value for tag in page.tags.values()},
        is_grey=page.photometric in _GRAYS and page.bitspersample > 1,
    )


def _axes_of_page(page: tifffile.TiffPage) -> tuple[str, tuple[int, ...]]:
    height, width, samples = page.imagelength, page.imagewidth, page.samplesperpixel
    if samples == 1:
        return "YX", (height, width)
    if page.planarconfig == tifffile.PLANARCONFIG.SEPARATE:
        return "SYX", (samples, height, width)
    return "YXS", (height, width, samples)
