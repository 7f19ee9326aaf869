"""Feature stacks as ENVI cubes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.array_blocks import plain_labels, real_dtype, write_values_to
from napari_ifealid.formats.atomic_write import written_files
from napari_ifealid.formats.details import Detail, kept_of_bands
from napari_ifealid.formats.envi_cube import bands_of, labels_of, layout_of
from napari_ifealid.formats.envi_files import WRITTEN_SUFFIX, cube_header, data_of, is_library
from napari_ifealid.formats.envi_header import (
    STORED_TYPES,
    UNIT_NAMES,
    EnviHeader,
    header_text,
    parse_fields,
    plain_item,
    shortest,
)
from napari_ifealid.formats.envi_map_info import MAP_INFO, place_fields
from napari_ifealid.numeric_labels import numeric_labels
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track
from napari_ifealid.utf8 import to_utf8
from napari_ifealid.wavelength_units import known_unit

_CODES = {np.dtype(name): code for code, name in STORED_TYPES.items()}
_HELD_BY = {"?": "u1", "b": "i2", "e": "f4"}  # types that ENVI lacks, by the next one that it has


def write_envi(path: Path, stack: FeatureStack, *, force: bool, track: Track) -> None:
    """Write the real values of a stack, interleaved by pixel, see `write_array`.

    Of values where some stand for none, these and their stored types are kept. Elsewhere NaN is
    written as it is, which other software knows as a number, too.
    """
    if stack.values.ndim != 3:
        raise DatasetError(
            f"a stack of shape {stack.values.shape}",
            expected="two spatial axes, lines and samples, before the features",
            remedy="Choose a slice of it, or write it as .npy or .zarr.",
            file=path,
        )
    data_path = path.with_suffix(WRITTEN_SUFFIX)
    _check_header(path, data_path)
    is_stored = stack.value_range is None and stack.gain == 1.0
    written = replace(stack, nodata=None) if is_stored else stack
    real = real_dtype(written)
    dtype = np.dtype(_HELD_BY.get(real.char, "f8" if real.itemsize > 8 else real)).newbyteorder("<")
    text = header_text(_fields(stack, dtype, stack.nodata if is_stored else None))
    with written_files(data_path, path, force=force) as (data, header):
        header.write(to_utf8(text))
        write_values_to(data, written, dtype, track)


def kept_by_envi(stack: FeatureStack) -> frozenset[Detail]:
    """Return what of that which is known of a stack the header of a cube keeps."""
    place = stack.georeference
    fields = place_fields(place, stack.pixel_size)
    header = EnviHeader(parse_fields(header_text(_label_fields(stack) | _band_fields(stack))), "")
    count = stack.feature_count
    kept = {*kept_of_bands(stack, labels_of(header, count), bands_of(header, count))}
    if MAP_INFO in fields:
        kept.add(Detail.PLACE)
    if place is not None and (place.wkt or place.map_info):
        kept.add(Detail.SYSTEM)
    has_unit = any("units=" in text for texts in fields.values() for text in texts)
    if has_unit or (place is not None and place.map_info):
        kept.add(Detail.PIXEL_SIZE)
    return frozenset(kept)


def _check_header(path: Path, data_path: Path) -> None:
    """Raise if there is a header of other values, which would be lost without it."""
    if _described(path) not in (None, data_path):
        raise DatasetError(
            "a header of other data",
            expected=f"none, or that of {data_path.name}",
            remedy="Choose another name for the cube.",
            file=path,
        )


def _described(path: Path) -> Path | None:
    """Return the file of values that a header belongs to, itself for that of a library."""
    try:
        header = cube_header(path)
        return path if is_library(header) else data_of(path, layout_of(header).size)
    except DatasetError:  # there is no header, or one without values
        return None


def _fields(stack: FeatureStack, dtype: np.dtype[Any], nodata: float | None) -> dict[str, Any]:
    lines, samples, bands = stack.values.shape
    fields: dict[str, Any] = {
        "description": [plain_item(stack.name)],
        "samples": samples,
        "lines": lines,
        "bands": bands,
        "header offset": 0,
        "file type": "ENVI Standard",
        "data type": _CODES[dtype.newbyteorder("=")],
        "interleave": "bip",
        "byte order": 0,
        **_label_fields(stack),
        **_band_fields(stack),
    }
    if nodata is not None:
        fields["data ignore value"] = shortest(nodata)
    elif stack.nodata is not None:
        fields["data ignore value"] = "NaN"
    return fields | place_fields(stack.georeference, stack.pixel_size)


def _label_fields(stack: FeatureStack) -> dict[str, Any]:
    labels = plain_labels(stack)
    if labels == [*range(len(labels))]:
        return {}
    numeric = numeric_labels(labels)
    if numeric is None:
        return {"band names": [plain_item(str(label)) for label in labels]}
    unit = known_unit(numeric.unit)
    return {
        "wavelength units": UNIT_NAMES.get(unit, plain_item(unit)) or "Unknown",
        "wavelength": [shortest(number) for number in numeric.numbers.tolist()],
    }


def _band_fields(stack: FeatureStack) -> dict[str, Any]:
    bands = stack.bands
    fields: dict[str, Any] = {}
    if bands.widths is not None:
        fields["fwhm"] = [shortest(width) for width in bands.widths]
    if bands.is_good is not None:
        fields["bbl"] = [str(int(is_good)) for is_good in bands.is_good]
    if bands.shown:
        fields["default bands"] = [str(band + 1) for band in bands.shown]
    return fields
