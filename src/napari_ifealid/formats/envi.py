"""The format ENVI: a cube as a header and a file of values beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.envi_cube import (
    CubeLayout,
    bands_of,
    labels_of,
    layout_of,
    nodata_of,
    scale_of,
)
from napari_ifealid.formats.envi_files import (
    DATA_SUFFIXES,
    HEADER_SUFFIX,
    companions,
    cube_header,
    data_of,
    header_beside,
    header_of,
    is_cube_header,
    is_header,
)
from napari_ifealid.formats.envi_map_info import georeference_of, pixel_size_of
from napari_ifealid.formats.envi_writer import kept_by_envi, write_envi
from napari_ifealid.formats.features_last import StoredArray, stack_values
from napari_ifealid.formats.file_array import FileArray
from napari_ifealid.formats.file_state import file_state
from napari_ifealid.formats.format import Format, with_features_last
from napari_ifealid.formats.location import Location, cannot_open, is_file
from napari_ifealid.formats.npy_header import check_some_finite
from napari_ifealid.formats.scaled_array import ScaledArray
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, untracked


def read_envi(location: Location, *, track: Track = untracked) -> FeatureStack:
    """Read a cube: the header of ENVI or of Esri, and the values beside it.

    Values that take no more than half of the free memory are read. Others stay in the file, as a
    dask array. All orders of the axes and of the bytes work, and all types of real numbers.

    Parameters
    ----------
    location : path
        Of either of the two files.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Returns
    -------
    FeatureStack
        Named after the file. Its labels are the wavelengths, else the names of the bands. A
        ``reflectance scale factor``, and gains that are the same for all bands, are its gain;
        values with other gains and offsets are converted.

    Raises
    ------
    DatasetError
        If a file is missing or damaged or of another kind, or if the header does not fit.
    concurrent.futures.CancelledError
        If `track` ended the iteration early.

    Warns
    -----
    MetadataWarning
        If a field is wrong that the values can be read without.
    """
    path = Path(location)
    header = cube_header(header_of(path))
    layout = layout_of(header)
    stored: StoredArray = _file_array(
        data_of(path, layout.size) if is_header(path) else path, layout
    )
    count = layout.shape[layout.axis]  # no more than the file has bytes
    scale, nodata = scale_of(header, count), nodata_of(header, layout.dtype)
    labels, bands = labels_of(header, count), bands_of(header, count)
    gain = scale.only_gain
    if gain is None:
        stored, nodata = ScaledArray(stored, layout.axis, scale.gains, scale.offsets, nodata), None
    try:
        values = stack_values(stored, layout.axis, name=path.name, track=track)
        if isinstance(values, np.ndarray):
            check_some_finite(values)
    except DatasetError as error:
        raise error.inside(error.file or path) from error.__cause__
    return FeatureStack(
        values=values,
        name=path.name,
        feature_labels=labels,
        gain=1.0 if gain is None else gain,
        nodata=nodata,
        bands=bands,
        pixel_size=pixel_size_of(header),
        georeference=georeference_of(header),
    )


def _file_array(path: Path, layout: CubeLayout) -> FileArray:
    """Return the values of a cube, unread; what follows them in the file is not looked at."""
    try:
        state = file_state(path)
    except OSError as error:
        raise cannot_open(path, error) from error
    if state.size < layout.size:
        raise DatasetError(
            f"a file of {state.size:,} bytes",
            expected=f"{layout.size:,} bytes or more, as its header says",
            remedy="Copy both files of the cube again.",
            file=path,
        )
    return FileArray(
        path=str(path.absolute()),
        start=layout.offset,
        shape=layout.shape,
        stored=layout.dtype,
        is_fortran=False,
        state=state,
    )


def _looks_like_stack(location: Location) -> bool:
    path = Path(location)
    header = path if is_header(path) else header_beside(path)
    return header is not None and is_cube_header(header)


def _recognises(path: Path) -> bool:
    """Return whether a file whose name tells nothing has the size that a header beside it tells."""
    header = header_beside(path) if is_file(path) else None
    try:
        return (
            header is not None
            and is_cube_header(header)
            and path.stat().st_size == layout_of(cube_header(header)).size
        )
    except (DatasetError, OSError):
        return False


def _files(path: Path) -> list[Path]:
    try:
        header = header_of(path)
        size = layout_of(cube_header(header)).size
        return [header, data_of(path, size) if is_header(path) else path]
    except DatasetError:  # it is no cube
        return [path]


def _read(
    location: Location, *, array: str | None, feature_axis: int | None, track: Track
) -> list[FeatureStack]:
    assert array is None
    return [with_features_last(read_envi(location, track=track), feature_axis, location)]


ENVI = Format(
    name="ENVI cube",
    suffixes=(HEADER_SUFFIX, *DATA_SUFFIXES),
    claims=lambda _: True,
    looks_like_stack=_looks_like_stack,
    read=_read,
    array_names=lambda _: None,
    write=write_envi,
    keeps=kept_by_envi,
    recognises=_recognises,
    files=_files,
    companions=companions,
)
"""A header and the values beside it, read whole or, where they are large, block by block."""
