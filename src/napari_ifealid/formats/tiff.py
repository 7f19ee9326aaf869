"""The format TIFF: GeoTIFF of many bands, OME-TIFF and ImageJ's stacks, and pages of any kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isnan, prod
from typing import Any

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.blocks import whole_chunks
from napari_ifealid.formats.features_last import StoredArray, stack_values
from napari_ifealid.formats.format import Format, no_such_axis
from napari_ifealid.formats.gdal_metadata import BandMetadata, band_metadata
from napari_ifealid.formats.geotiff import georeference, pixel_size
from napari_ifealid.formats.joined_samples import with_joined_samples
from napari_ifealid.formats.location import Location, first_bytes, name_of
from napari_ifealid.formats.masked_pixels import MaskedPixels
from napari_ifealid.formats.metadata_warning import unless_wrong
from napari_ifealid.formats.scaled_bands import OneBand, ScaledBands
from napari_ifealid.formats.tiff_images import TiffImage, images
from napari_ifealid.formats.tiff_layouts import GDAL_METADATA, TiffLayout, layouts
from napari_ifealid.formats.tiff_writer import kept_by_tiff, write_tiff
from napari_ifealid.lazy_arrays import BLOCK_BYTES
from napari_ifealid.stack import FeatureStack, check_feature_array
from napari_ifealid.tracking import Track, untracked

_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read_tiff(
    location: Location,
    *,
    array: str | None = None,
    feature_axis: int | None = None,
    track: Track = untracked,
) -> list[FeatureStack]:
    """Read the feature stacks of a TIFF.

    The features are the bands of a GeoTIFF, the channels of OME-TIFF and ImageJ, else the pages.
    Where each channel has samples, such as red, green and blue, all these are features.
    Wavelengths, widths, bad bands, scales, offsets and missing values are those in GDAL's metadata.
    Pixels that a mask hides are NaN.

    Parameters
    ----------
    location : path
    array : str, optional
        Name of the only image to read, of a file with several.
    feature_axis : int, optional
        Axis of the stored array along which the features lie: first the axes of the pages, then
        those of an image, but for those of length 1.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Returns
    -------
    list of FeatureStack
        At least one.

    Raises
    ------
    DatasetError
        If the file is damaged, truncated or of a kind that can't be read.
    concurrent.futures.CancelledError
        If `track` ended the iteration early.

    Warns
    -----
    MetadataWarning
        If a part of the metadata is wrong that the values can be read without.
    """
    called = name_of(location)
    try:
        found = images(location)
        named = _named([image.layout for image in found])
        chosen = {name: place for name, place in named.items() if array in (None, name)}
        if not chosen:
            raise DatasetError(
                f"no image called {array!r} among {', '.join(named)}",
                expected="one of these",
                remedy="Choose another one, or none.",
            )
        return [
            _stack(
                found[place],
                location,
                called if len(chosen) == 1 else f"{called}: {name}",
                feature_axis,
                track,
            )
            for name, place in chosen.items()
        ]
    except DatasetError as error:
        raise error.inside(location) from error.__cause__


def _named(found: Sequence[TiffLayout]) -> dict[str, int]:
    """Return the numbers of the images that are stacks, else of the first one, by their names."""
    stacks = [number for number, layout in enumerate(found) if layout.is_stack]
    if not found:
        raise DatasetError(
            "a TIFF without an image",
            expected="at least one",
            remedy="Choose another file.",
        )
    stacks = stacks or [0]
    names = [found[number].name for number in stacks]
    is_told = all(names) and len(set(names)) == len(names)
    return {
        names[place] if is_told else f"image {place + 1}": number
        for place, number in enumerate(stacks)
    }


def _stack(
    image: TiffImage, location: Location, name: str, feature_axis: int | None, track: Track
) -> FeatureStack:
    image = with_joined_samples(image)
    layout = image.layout
    is_single = len(layout.shape) == 2
    array: StoredArray = OneBand(image.array) if is_single else image.array
    check_feature_array(array)
    if image.mask is not None:
        array = MaskedPixels(array, image.mask, (layout.axes.index("Y"), layout.axes.index("X")))
    guess = 2 if is_single else layout.guessed_axis
    own = guess if layout.known_axis is None else layout.known_axis
    axes = len(array.shape)
    axis = own if feature_axis is None else feature_axis
    if not -axes <= axis < axes:
        raise no_such_axis(axis, array.shape)
    axis %= axes
    metadata = band_metadata("", array.shape[axis])
    if axis == own:
        metadata = _metadata(layout, array.shape[axis], location)
    array, storage = _real(array, axis, metadata, image.nodata)
    chunks = _chunks(image, axis, array.dtype.itemsize)
    values = stack_values(array, axis, name=name, track=track, chunks=chunks)
    is_guessed = feature_axis is None and layout.known_axis is None and not is_single
    return FeatureStack(
        values=values,
        name=name,
        is_axis_guessed=is_guessed,
        **storage,
        **(_description(image, axis, metadata, location) if axis == own else {}),
    )


def _metadata(layout: TiffLayout, count: int, location: Location) -> BandMetadata:
    """Return what GDAL's metadata tell of the features."""
    xml = str(layout.tags.get(GDAL_METADATA) or "")
    if layout.known_axis is None or layout.axes[layout.known_axis] == "S":
        has_pages = len(layout.axes) > 2 and "S" not in layout.axes
        if has_pages:
            return band_metadata(xml, 1, location).repeated(count)
        return band_metadata(xml, count, location)
    return band_metadata("", count)


def _real(
    array: StoredArray, axis: int, metadata: BandMetadata, nodata: float | None
) -> tuple[StoredArray, dict[str, Any]]:
    """Return an array and how its values stand for real ones."""
    if nodata is not None and isnan(nodata):
        nodata = None  # is NaN anyway
    scale = metadata.scales[0]
    if scale > 0.0 and set(metadata.scales) == {scale} and not any(metadata.offsets):
        return array, {"gain": scale, "nodata": nodata}
    return ScaledBands(array, axis, metadata.scales, metadata.offsets, nodata), {}


def _description(
    image: TiffImage, axis: int, metadata: BandMetadata, location: Location
) -> dict[str, Any]:
    """Return what else is known of a stack."""
    layout = image.layout
    spatial = (
        (layout.axes[:axis] + layout.axes[axis + 1 :]) if len(layout.axes) > 2 else layout.axes
    )
    place = None
    if spatial.endswith("YX"):
        place = unless_wrong(lambda: georeference(layout.tags), None, location)
    return {
        "feature_labels": image.channels.labels or metadata.labels,
        "bands": replace(metadata.bands, colours=image.channels.colours),
        "pixel_size": image.channels.pixel_size if place is None else pixel_size(place),
        "georeference": place,
    }


def _chunks(image: TiffImage, axis: int, itemsize: int) -> tuple[int, ...] | None:
    """Return lengths of blocks of whole tiles, of all features if they fit; None without tiles."""
    if image.pieces is None:
        return None
    axes = max(3, len(image.pieces))
    shape, pieces = (*image.array.shape, 1)[:axes], [*image.pieces, 1][:axes]
    most = 2 * BLOCK_BYTES // itemsize
    pieces[axis] *= max(1, min(-(-shape[axis] // pieces[axis]), most // prod(pieces)))
    return whole_chunks(shape, pieces, most // 8)


def _looks_like_stack(location: Location) -> bool:
    """Return whether a TIFF has channels, bands or pages of an unknown kind, and is no photo."""
    if first_bytes(location)[:4] not in _STARTS:
        return False
    try:
        return any(layout.is_stack for layout in layouts(location))
    except DatasetError:
        return False  # nothing tells that it is no photo


def _array_names(location: Location) -> dict[str, bool] | None:
    try:
        named = _named(layouts(location))
    except DatasetError as error:
        raise error.inside(location) from error.__cause__
    return dict.fromkeys(named, True) if len(named) > 1 else None


TIFF = Format(
    name="TIFF of many bands",
    suffixes=(".tif", ".tiff"),
    claims=lambda _: True,
    looks_like_stack=_looks_like_stack,
    read=read_tiff,
    array_names=_array_names,
    write=write_tiff,
    keeps=kept_by_tiff,
)
"""GeoTIFF, OME-TIFF, ImageJ's stacks and others, read block by block where they are large."""
