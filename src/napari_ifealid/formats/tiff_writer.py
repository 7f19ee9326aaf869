"""Feature stacks as GeoTIFF: of samples that lie together, with GDAL's metadata."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.array_blocks import real_block, real_dtype, rows_in_turn
from napari_ifealid.formats.atomic_write import written_file
from napari_ifealid.formats.blocks import Block
from napari_ifealid.formats.details import Detail, kept_of_bands
from napari_ifealid.formats.gdal_metadata import band_metadata, metadata_text
from napari_ifealid.formats.geo_keys import with_keys
from napari_ifealid.formats.geotiff import ExtraTag, geo_tags, pixel_size
from napari_ifealid.formats.loading import loaded_block
from napari_ifealid.formats.tiff_layouts import GDAL_METADATA, GDAL_NODATA, spatial_letters
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, every_item
from napari_ifealid.utf8 import to_utf8

_MOST_FEATURES = 2**16 - 1
_STRIP_BYTES = 1 << 23
_MOST_BYTES = 8  # of a value


def write_tiff(path: Path, stack: FeatureStack, *, force: bool, track: Track) -> None:
    """Write a stack as a GeoTIFF, block by block, see `write_array`.

    Stored values with a gain and a value for missing ones are written as they are, beside both.
    Each place along further spatial axes is a page.
    """
    shape, dtype = stack.values.shape, _written_dtype(stack, path)
    *leading, height, width, features = shape
    if features > _MOST_FEATURES:
        raise DatasetError(
            f"{features:,} features",
            expected=f"at most {_MOST_FEATURES:,}, which a TIFF can have",
            remedy="Write a .npy or a .zarr instead.",
            file=path,
        )
    if features == 1 and prod(leading) > 1:
        raise DatasetError(
            f"a single feature on {len(shape) - 1} spatial axes",
            expected="more features, or two spatial axes: pages would be taken for features",
            remedy="Write a .npy or a .zarr instead.",
            file=path,
        )
    axes = spatial_letters(len(shape) - 1) + ("S" if features > 1 else "")
    with written_file(path, force=force) as stream:
        # an unfinished file has a number for a name, which tifffile refuses
        written = tifffile.imwrite(
            tifffile.FileHandle(stream, name=path.name),
            shape=shape if features > 1 else shape[:-1],
            dtype=dtype,
            photometric="minisblack",
            planarconfig="contig" if features > 1 else None,
            rowsperstrip=max(1, min(height, _STRIP_BYTES // (width * features * dtype.itemsize))),
            metadata={"axes": axes} if leading else None,
            software=False,
            extratags=_tags(stack),
            returnoffset=True,
        )
        assert written is not None
        stream.seek(written[0])
        todo = rows_in_turn(stack)
        for block in every_item(track, todo, total=len(todo), desc=f"Writing {stack.name}"):
            stream.write(_written_block(stack, block).astype(dtype, copy=False).tobytes())


def kept_by_tiff(stack: FeatureStack) -> frozenset[Detail]:
    """Return what of that which is known of a stack a GeoTIFF keeps."""
    told = band_metadata(metadata_text(stack), stack.feature_count)
    place, kept = stack.georeference, {Detail.PLACE, *kept_of_bands(stack, told.labels, told.bands)}
    if place is not None and with_keys(place).keys:
        kept.add(Detail.SYSTEM)
        if pixel_size(with_keys(place)) is not None:
            kept.add(Detail.PIXEL_SIZE)
    return frozenset(kept)


def _written_dtype(stack: FeatureStack, path: Path) -> np.dtype[Any]:
    """Return the type that is written, which GDAL reads."""
    dtype = real_dtype(stack) if stack.value_range is not None else stack.values.dtype
    if dtype.itemsize > _MOST_BYTES:
        raise DatasetError(
            f"values of type {dtype}",
            expected="values of at most 64 bits, which a TIFF can have",
            remedy="Write a .npy file instead, or convert them to float64 first.",
            file=path,
        )
    if dtype.kind == "b":
        return np.dtype(np.uint8)
    return np.dtype(np.float32) if dtype == np.float16 else dtype.newbyteorder("=")


def _written_block(stack: FeatureStack, block: Block) -> np.ndarray[Any, Any]:
    if stack.value_range is not None:
        return real_block(stack, block)
    return loaded_block(stack, block)


def _tags(stack: FeatureStack) -> list[ExtraTag]:
    tags = [] if stack.georeference is None else geo_tags(stack.georeference)
    text = metadata_text(stack)
    if text:
        tags.append((GDAL_METADATA, "s", 0, to_utf8(text), True))
    if stack.nodata is not None and stack.value_range is None:
        tags.append((GDAL_NODATA, "s", 0, repr(stack.nodata).removesuffix(".0"), True))
    return tags
