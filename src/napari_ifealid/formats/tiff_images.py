"""The images in a TIFF: which pages are one image, along which axes, and where its values lie."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from importlib.util import find_spec
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.file_array import FileArray
from napari_ifealid.formats.file_state import FileState
from napari_ifealid.formats.location import Location, cannot_open
from napari_ifealid.formats.proposed_axis import proposed_axis
from napari_ifealid.formats.tiff_channels import Channels, imagej_channels, ome_channels
from napari_ifealid.formats.tiff_segments import SegmentArray
from napari_ifealid.memory import check_memory

GDAL_METADATA, GDAL_NODATA = 42112, 42113

_CHANNEL_AXES = "CSE"  # channels, samples, wavelengths of excitation: the first one counts
_PAGE_AXES = "IQ"  # of pages that nothing is known of
_ALPHA = {1, 2}  # extra samples
_MOST_EXPANSION = 40_000  # bytes of values for one that is stored; zstd reaches 32,768
_COPY_AGAIN = "Copy or download the file again."
_SAVE_AGAIN = "Save it as a TIFF without these, e.g. with gdal_translate or in Fiji."
_GRAYS = {tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.MINISWHITE}


@dataclass(frozen=True, eq=False)
class TiffImage:
    """An image, of one page or of several.

    Parameters
    ----------
    name : str
        What the file calls it; empty if nothing.
    axes : str
        A letter for each axis: "YX" of the image, "S" of its samples, others of its pages.
    array : FileArray or SegmentArray
        Its values.
    tags : mapping of int to anything
        Of its first page.
    is_grey : bool
        Whether its samples are no colours.
    channels : Channels
        What a microscope's software tells.
    """

    name: str
    axes: str
    array: FileArray | SegmentArray
    tags: Mapping[int, Any]
    is_grey: bool
    channels: Channels

    @property
    def known_axis(self) -> int | None:
        """The axis of the features, None where nothing tells."""
        return next((self.axes.index(axis) for axis in _CHANNEL_AXES if axis in self.axes), None)

    @property
    def guessed_axis(self) -> int:
        """The axis that most likely is that of the features."""
        if "Q" in self.axes:  # of an array that was saved as it is, whatever its axes
            return proposed_axis(self.array.shape)
        return max(self.axes.find("I"), 0)

    @property
    def is_stack(self) -> bool:
        """Whether it is meant as a stack of features, not as a photo or as a stack of photos."""
        if self.known_axis is None:
            return self.is_grey and any(axis in self.axes for axis in _PAGE_AXES)
        if self.axes[self.known_axis] != "S":
            return True
        samples = self.array.shape[self.known_axis]
        has_alpha = bool(_ALPHA & set(np.atleast_1d(self.tags.get(338, 0)).tolist()))
        is_photo = samples <= 2 and has_alpha if self.is_grey else samples <= 4
        return samples > 1 and (not is_photo or "wavelength" in self.tags.get(GDAL_METADATA, ""))


def images(location: Location) -> list[TiffImage]:
    """Return all images of a TIFF, without their values; smaller copies and masks are left out.

    Parameters
    ----------
    location : path

    Raises
    ------
    DatasetError
        If the file is damaged or truncated, or of a kind that can't be read.
    """
    path = Path(location)
    with _opened(path) as (tiff, state):
        series = [
            (number, one)
            for number, one in enumerate(tiff.series)
            if not (one.keyframe.is_reduced or one.keyframe.is_mask)
        ]
        return [_image(tiff, one, number, path, state) for number, one in series]


@contextmanager
def _opened(path: Path) -> Iterator[tuple[tifffile.TiffFile, FileState]]:
    try:
        with path.open("rb") as stream:
            state = FileState.of(os.fstat(stream.fileno()))
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
            remedy=_COPY_AGAIN,
            file=path,
        ) from error


def _image(
    tiff: tifffile.TiffFile,
    series: tifffile.TiffPageSeries,
    number: int,
    path: Path,
    state: FileState,
) -> TiffImage:
    page = series.keyframe
    image_axes, image_shape = _axes_of_page(page)
    leading = [
        (axis, length)
        for axis, length in zip(series.get_axes(False), series.get_shape(False), strict=True)
        if axis not in "YXS"
    ]
    count = prod(length for _, length in leading)
    if page.dtype is None or page.imagedepth != 1 or count * prod(image_shape) != series.size:
        raise DatasetError(
            f"images of the kind {series.axes} {series.shape}, {page.bitspersample} bits",
            expected="images of whole bytes, of rows and columns",
            remedy=_SAVE_AGAIN,
        )
    # axes of a single element tell nothing, except for those of an image
    kept = [(axis, length) for axis, length in leading if length > 1]
    axes = "".join(axis for axis, _ in kept) + image_axes
    shape = (*(length for _, length in kept), *image_shape)
    return TiffImage(
        name=series.name,
        axes=axes,
        array=_array(tiff, series, count, shape, image_axes, path, state),
        tags={tag.code: tag.value for tag in page.tags.values() if tag.code > 1000}
        | {338: page.extrasamples},
        is_grey=page.photometric in _GRAYS and page.bitspersample > 1,
        channels=_channels(tiff, page, number, dict(kept).get("C", 1)),
    )


def _axes_of_page(page: tifffile.TiffPage) -> tuple[str, tuple[int, ...]]:
    height, width, samples = page.imagelength, page.imagewidth, page.samplesperpixel
    if samples == 1:
        return "YX", (height, width)
    if page.planarconfig == tifffile.PLANARCONFIG.SEPARATE:
        return "SYX", (samples, height, width)
    return "YXS", (height, width, samples)


def _array(
    tiff: tifffile.TiffFile,
    series: tifffile.TiffPageSeries,
    count: int,
    shape: tuple[int, ...],
    image_axes: str,
    path: Path,
    state: FileState,
) -> FileArray | SegmentArray:
    page = series.keyframe
    assert page.dtype is not None
    stored = np.dtype(tiff.byteorder + page.dtype.char)
    place, start = str(path.absolute()), series.dataoffset
    if start is not None:
        if start + prod(shape) * stored.itemsize > state.size:
            raise _truncated(prod(shape) * stored.itemsize, state.size - start)
        return FileArray(place, start, shape, stored, False, state)
    offsets, counts = _segments(tiff, series, count)
    segment = _segment_shape(page)
    samples = shape[-1] if image_axes == "YXS" else 1
    planes = page.samplesperpixel if image_axes == "SYX" else 1
    grid = planes, *(-(-n // m) for n, m in zip(_size(page), segment, strict=True))
    if offsets.shape[1] != prod(grid):
        raise DatasetError(
            f"{offsets.shape[1]} strips or tiles",
            expected=f"the {prod(grid)} that an image of this size has",
            remedy=_COPY_AGAIN,
        )
    _check_segments(page, offsets, counts, prod(segment) * samples * stored.itemsize, state.size)
    return SegmentArray(
        path=place,
        state=state,
        keyframe=page.offset,
        shape=shape,
        dtype=stored.newbyteorder("="),
        image_axes=image_axes,
        segment=segment,
        offsets=offsets.reshape(count, *grid),
        counts=counts.reshape(count, *grid),
        fill=_fill(page, stored),
    )


def _segments(
    tiff: tifffile.TiffFile, series: tifffile.TiffPageSeries, count: int
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return where the segments of all images lie, and how many bytes each has."""
    pages = list(series.pages)
    if len(pages) != count or any(page is not None and page.parent is not tiff for page in pages):
        raise DatasetError(
            f"{len(pages)} pages in this file for {count} images",
            expected="one page for each image, in the same file",
            remedy="Save all images in a single file, e.g. with bfconvert or in Fiji.",
        )
    length = max((len(page.dataoffsets) for page in pages if page is not None), default=0)
    tables = np.zeros((2, count, length), np.int64)
    for number, page in enumerate(pages):
        if page is None:  # an image that was never taken
            continue
        if not len(page.dataoffsets) == len(page.databytecounts) == length:
            raise DatasetError(
                f"{len(page.dataoffsets)} strips or tiles of page {number}",
                expected=f"{length}, as many as the others have",
                remedy=_COPY_AGAIN,
            )
        tables[:, number] = page.dataoffsets, page.databytecounts
    offsets, counts = tables
    counts[offsets == 0] = 0
    return offsets, counts


def _check_segments(
    page: tifffile.TiffPage,
    offsets: np.ndarray[Any, Any],
    counts: np.ndarray[Any, Any],
    size: int,
    end: int,
) -> None:
    """Raise unless all segments lie in the file and can be decoded."""
    is_there = counts > 0
    if np.any(offsets < 0) or np.any(counts < 0) or np.any(offsets + counts > end):
        raise _truncated(int(np.max(offsets + counts, initial=0)), end)
    if np.any(is_there) and size > _MOST_EXPANSION * int(counts[is_there].max()):
        raise DatasetError(
            f"strips or tiles of {size:,} bytes in at most {int(counts.max()):,} that are stored",
            expected="as many as can be compressed to this",
            remedy=_COPY_AGAIN,
        )
    check_memory(size)
    _check_codec(page)


def _check_codec(page: tifffile.TiffPage) -> None:
    """Raise unless the segments of a page can be decoded."""
    names = []
    for table, code, kind in (
        (tifffile.TIFF.DECOMPRESSORS, page.compression, tifffile.COMPRESSION),
        (tifffile.TIFF.UNPREDICTORS, page.predictor, tifffile.PREDICTOR),
    ):
        try:
            if code != 1:
                table[code]
        except KeyError:
            names.append(_name_of(kind, code))
    if not names:
        return
    is_missing = find_spec("imagecodecs") is None
    raise DatasetError(
        f"values that are compressed by {' and '.join(names)}",
        expected="the package imagecodecs, which decodes them"
        if is_missing
        else "one of the usual compressions, such as LZW, deflate or zstd",
        remedy='Install it: pip install "napari-ifealid[cubes]"' if is_missing else _SAVE_AGAIN,
    )


def _name_of(kind: type[IntEnum], code: int) -> str:
    try:
        return kind(code).name
    except ValueError:
        return str(code)


def _segment_shape(page: tifffile.TiffPage) -> tuple[int, int]:
    height, width = _size(page)
    lengths = (page.tilelength, page.tilewidth) if page.is_tiled else (page.rowsperstrip, width)
    # a strip of more rows than there are is as high as the image
    rows = lengths[0] if page.is_tiled else min(lengths[0] or height, height)
    if min(rows, lengths[1]) < 1:
        raise DatasetError(
            f"tiles of {rows} × {lengths[1]} pixels",
            expected="tiles with some",
            remedy=_COPY_AGAIN,
        )
    return rows, lengths[1]


def _size(page: tifffile.TiffPage) -> tuple[int, int]:
    return page.imagelength, page.imagewidth


def _fill(page: tifffile.TiffPage, dtype: np.dtype[Any]) -> float:
    """Return the value of tiles that are left out: that which stands for none, else 0."""
    value = nodata_value(str(page.tags.valueof(GDAL_NODATA) or ""), dtype)
    return 0.0 if value is None else value


def nodata_value(text: str, dtype: np.dtype[Any]) -> float | None:
    """Return the value of a type that stands for none; None if the type has no such value.

    Parameters
    ----------
    text : str
        The value of the tag; empty where there is none.
    dtype : numpy dtype

    Raises
    ------
    DatasetError
        If it is no number.
    """
    plain = text.strip("\0 ")
    if not plain:
        return None
    try:
        value = float(plain)
    except ValueError as error:
        raise DatasetError(
            f"the value {plain[:60]!r}",
            expected="the number that stands for a missing value",
            remedy="Correct it, e.g. with gdal_edit.py -a_nodata.",
            member="GDAL_NODATA",
        ) from error
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            return float(dtype.type(value))
    if dtype.kind == "b" or not value.is_integer():
        return None
    limits = np.iinfo(dtype)
    return value if limits.min <= value <= limits.max else None


def _channels(
    tiff: tifffile.TiffFile, page: tifffile.TiffPage, number: int, count: int
) -> Channels:
    if tiff.is_ome and tiff.ome_metadata:
        return ome_channels(tiff.ome_metadata, number, count)
    if tiff.is_imagej and tiff.imagej_metadata:
        pairs = [page.tags.valueof(code) for code in (283, 282)]  # along y and x
        found = [pair[0] / pair[1] if pair and pair[0] and pair[1] else None for pair in pairs]
        return imagej_channels(tiff.imagej_metadata, found, count)
    return Channels()


def _truncated(needed: int, found: int) -> DatasetError:
    return DatasetError(
        f"a truncated TIFF, {max(found, 0):,} bytes of values",
        expected=f"the {needed:,} that its header tells of",
        remedy=_COPY_AGAIN,
    )
