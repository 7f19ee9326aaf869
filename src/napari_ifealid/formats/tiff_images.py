"""Where the values of the images in a TIFF lie, and what microscopes tell of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from importlib.util import find_spec
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.features_last import StoredArray
from napari_ifealid.formats.file_array import FileArray
from napari_ifealid.formats.file_state import FileState
from napari_ifealid.formats.location import Location
from napari_ifealid.formats.metadata_warning import unless_wrong
from napari_ifealid.formats.missing_value import missing_value
from napari_ifealid.formats.tiff_channels import Channels, imagej_channels, ome_channels
from napari_ifealid.formats.tiff_layouts import (
    COPY_AGAIN,
    GDAL_NODATA,
    SAVE_AGAIN,
    TiffLayout,
    image_numbers,
    layout_of,
    mask_numbers,
    opened_tiff,
)
from napari_ifealid.formats.tiff_segments import SegmentArray
from napari_ifealid.lazy_arrays import BLOCK_BYTES
from napari_ifealid.memory import check_memory

_MOST_EXPANSION = 40_000  # bytes of values for one that is stored; zstd reaches 32,768
_RESOLUTION = 283, 282  # along y and x


@dataclass(frozen=True, eq=False)
class TiffImage:
    """An image, of one page or of several.

    Parameters
    ----------
    layout : TiffLayout
    array : StoredArray
        Its values.
    pieces : tuple of int or None
        Lengths along each axis of what is decoded as a whole; None where nothing is.
    channels : Channels
        What a microscope's software tells.
    nodata : float or None
        The stored value that stands for none.
    mask : StoredArray or None
        0 where pixels have no values, of shape (Y, X).
    """

    layout: TiffLayout
    array: StoredArray
    pieces: tuple[int, ...] | None
    channels: Channels
    nodata: float | None
    mask: StoredArray | None


def images(location: Location) -> list[TiffImage]:
    """Return all images of a TIFF, without their values; smaller copies and masks are left out.

    Parameters
    ----------
    location : path

    Raises
    ------
    DatasetError
        If the file is damaged or truncated, or of a kind that can't be read.

    Warns
    -----
    MetadataWarning
        If the value that stands for none is no number, if a mask does not fit, or if what a
        microscope's software tells is wrong: it is left out.
    """
    path = Path(location)
    with opened_tiff(path) as (tiff, state):
        return [_image(tiff, number, path, state) for number in image_numbers(tiff)]


def _image(tiff: tifffile.TiffFile, number: int, path: Path, state: FileState) -> TiffImage:
    layout = layout_of(tiff, number)
    nodata = unless_wrong(lambda: nodata_value(layout, _stored_type(tiff, layout)), None, path)
    array = _array(tiff, layout, nodata or 0.0, path, state)
    return TiffImage(
        layout,
        array,
        None if isinstance(array, FileArray) else array.pieces,
        unless_wrong(lambda: _channels(tiff, layout), Channels(), path),
        nodata,
        unless_wrong(lambda: _mask(tiff, layout, path, state), None, path),
    )


def _mask(
    tiff: tifffile.TiffFile, layout: TiffLayout, path: Path, state: FileState
) -> StoredArray | None:
    """Return which pixels of an image have values, None where all have."""
    size = _size(tiff.series[layout.number].keyframe)
    masks = [layout_of(tiff, number) for number in mask_numbers(tiff, size)]
    if not masks:
        return None
    if len(masks) > 1 or masks[0].axes != "YX" or layout.image_count > 1:
        raise DatasetError(
            "several images or masks of one size: no mask is applied",
            expected="one mask for all bands of an image",
            remedy="Write missing values as a number, e.g. with gdalwarp -dstnodata.",
            member="mask",
        )
    return _array(tiff, masks[0], 0.0, path, state)


def _stored_type(tiff: tifffile.TiffFile, layout: TiffLayout) -> np.dtype[Any]:
    dtype = tiff.series[layout.number].keyframe.dtype
    assert dtype is not None
    return np.dtype(tiff.byteorder + dtype.char)


def _array(
    tiff: tifffile.TiffFile, layout: TiffLayout, fill: float, path: Path, state: FileState
) -> FileArray | SegmentArray:
    series = tiff.series[layout.number]
    page, place, shape = series.keyframe, str(path.absolute()), layout.shape
    stored = _stored_type(tiff, layout)
    _check_whole_numbers(page)
    start = series.dataoffset
    if start is not None:
        if start + prod(shape) * stored.itemsize > state.size:
            raise _truncated(prod(shape) * stored.itemsize, state.size - start)
        return FileArray(place, start, shape, stored, False, state)
    offsets, counts = _segments(tiff, layout)
    segment = _segment_shape(page)
    grid = _segment_grid(page, layout, segment)
    if offsets.shape[1] != prod(grid):
        raise DatasetError(
            f"{offsets.shape[1]} strips or tiles",
            expected=f"the {prod(grid)} that an image of this size has",
            remedy=COPY_AGAIN,
        )
    samples = shape[-1] if layout.image_axes == "YXS" else 1
    _check_segments(offsets, counts, prod(segment) * samples * stored.itemsize, state.size)
    _check_codec(page)
    return SegmentArray(
        path=place,
        state=state,
        keyframe=page.offset,
        shape=shape,
        dtype=stored.newbyteorder("="),
        image_axes=layout.image_axes,
        segment=segment,
        offsets=offsets.reshape(layout.image_count, *grid),
        counts=counts.reshape(layout.image_count, *grid),
        fill=fill,
    )


def _segments(
    tiff: tifffile.TiffFile, layout: TiffLayout
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where the segments of all images lie, and how many bytes each has."""
    pages, count = list(tiff.series[layout.number].pages), layout.image_count
    if len(pages) != count or any(page is not None and page.parent is not tiff for page in pages):
        raise DatasetError(
            f"{len(pages)} pages in this file for {count} images",
            expected="one page for each image, in the same file",
            remedy="Save all images in a single file, e.g. with bfconvert or in Fiji.",
        )
    length = max((len(page.dataoffsets) for page in pages if page is not None), default=0)
    if not length:
        raise DatasetError(
            "a TIFF that does not tell where its values are",
            expected="the places of its strips or tiles",
            remedy=COPY_AGAIN,
        )
    tables = np.zeros((2, count, length), np.int64)
    for number, page in enumerate(pages):
        if page is None:  # an image that was never taken
            continue
        if not len(page.dataoffsets) == len(page.databytecounts) == length:
            raise DatasetError(
                f"{len(page.dataoffsets)} strips or tiles of page {number}",
                expected=f"{length}, as many as the others have",
                remedy=COPY_AGAIN,
            )
        _check_whole_numbers(page)
        tables[:, number] = page.dataoffsets, page.databytecounts
    offsets, counts = tables
    counts[offsets == 0] = 0
    return offsets, counts


def _check_whole_numbers(page: tifffile.TiffPage | tifffile.TiffFrame) -> None:
    """Raise if a damaged type of a tag makes something else of where values are."""
    for told in (page.dataoffsets, page.databytecounts):
        if len(told) and np.asarray(told).dtype.kind not in "iu":
            raise DatasetError(
                "places of strips or tiles that are no whole numbers",
                expected="a place in the file for each",
                remedy=COPY_AGAIN,
            )


def _check_segments(
    offsets: NDArray[np.int64], counts: NDArray[np.int64], size: int, end: int
) -> None:
    """Raise unless all segments lie in the file, and are as large as can be decoded."""
    is_there = counts > 0
    if np.any(offsets < 0) or np.any(counts < 0) or np.any(offsets + counts > end):
        raise _truncated(int(np.max(offsets + counts, initial=0)), end)
    if np.any(is_there) and size > _MOST_EXPANSION * int(counts[is_there].max()):
        raise DatasetError(
            f"strips or tiles of {size:,} bytes in at most {int(counts.max()):,} that are stored",
            expected="as many as can be compressed to this",
            remedy=COPY_AGAIN,
        )
    if size > BLOCK_BYTES:
        check_memory(size)


def _check_codec(page: tifffile.TiffPage) -> None:
    """Raise unless the segments of a page can be decoded."""
    names = [
        _name_of(kind, code)
        for table, code, kind in (
            (tifffile.TIFF.DECOMPRESSORS, page.compression, tifffile.COMPRESSION),
            (tifffile.TIFF.UNPREDICTORS, page.predictor, tifffile.PREDICTOR),
        )
        if code != 1 and not _is_installed(table, code)
    ]
    if not names:
        return
    is_missing = find_spec("imagecodecs") is None
    raise DatasetError(
        f"values that are compressed by {' and '.join(names)}",
        expected="the package imagecodecs, which decodes them"
        if is_missing
        else "one of the usual compressions, such as LZW, deflate or zstd",
        remedy='Install it: pip install "napari-ifealid[cubes]"' if is_missing else SAVE_AGAIN,
    )


def _is_installed(codecs: Mapping[int, Callable[..., Any]], code: int) -> bool:
    try:
        codecs[code](b"")
    except (KeyError, ImportError):  # some are imported at their first call
        return False
    except Exception:  # nothing is not what it decodes
        return True
    return True


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
            remedy=COPY_AGAIN,
        )
    return rows, lengths[1]


def _segment_grid(
    page: tifffile.TiffPage, layout: TiffLayout, segment: tuple[int, int]
) -> tuple[int, int, int]:
    """Return how many segments an image has: planes, rows and columns of them."""
    planes = page.samplesperpixel if layout.image_axes == "SYX" else 1
    rows, columns = (-(-n // m) for n, m in zip(_size(page), segment, strict=True))
    return planes, rows, columns


def _size(page: tifffile.TiffPage) -> tuple[int, int]:
    return page.imagelength, page.imagewidth


def nodata_value(layout: TiffLayout, dtype: np.dtype[Any]) -> float | None:
    """Return the value of a type that stands for none; None if the type has no such value.

    Parameters
    ----------
    layout : TiffLayout
        Whose tags have it.
    dtype : numpy dtype

    Raises
    ------
    DatasetError
        If it is no number.
    """
    plain = str(layout.tags.get(GDAL_NODATA, "")).strip("\0 ")
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
    return missing_value(value, dtype)


def _channels(tiff: tifffile.TiffFile, layout: TiffLayout) -> Channels:
    count = layout.shape[layout.axes.index("C")] if "C" in layout.axes else 1
    if tiff.is_ome and tiff.ome_metadata:
        return ome_channels(tiff.ome_metadata, layout.number, count)
    if tiff.is_imagej and tiff.imagej_metadata:
        pairs = [layout.tags.get(code) for code in _RESOLUTION]
        found = [pair[0] / pair[1] if pair and pair[0] and pair[1] else None for pair in pairs]
        return imagej_channels(tiff.imagej_metadata, found, count)
    return Channels()


def _truncated(needed: int, found: int) -> DatasetError:
    return DatasetError(
        f"a truncated TIFF, {max(found, 0):,} bytes of values",
        expected=f"the {needed:,} that its header tells of",
        remedy=COPY_AGAIN,
    )
