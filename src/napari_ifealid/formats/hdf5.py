"""The format HDF5: arrays in groups, among them those of EMIT, NEON and PRISMA."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.cf_values import packing_of, unpacked
from napari_ifealid.formats.described_array import DescribedArray
from napari_ifealid.formats.format import Format, no_stacks
from napari_ifealid.formats.hdf5_contents import (
    MOST_ARRAYS,
    ListedArray,
    described,
    described_vectors,
    is_sparse,
    listed_array,
    listed_arrays,
    passed_over,
)
from napari_ifealid.formats.hdf5_file import Hdf5Array, Hdf5File, opened_hdf5, values_of
from napari_ifealid.formats.location import Location, name_of
from napari_ifealid.formats.prisma import prisma_stack, prisma_swaths
from napari_ifealid.formats.proposed_axis import proposed_axis
from napari_ifealid.formats.spectral_axis import feature_axis_of
from napari_ifealid.formats.stored_stack import StoredStack
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, untracked

MOST_STACKS = 100
"""Stacks of a file that are opened at once."""

_STACK_THEM = "Stack the features along an axis, or choose another array or file."
_MOST_LISTED = 10


def read_hdf5(
    location: Location,
    *,
    array: str | None = None,
    feature_axis: int | None = None,
    track: Track = untracked,
) -> list[FeatureStack]:
    """Read each feature stack in an HDF5 or netCDF-4 file, or one of them.

    An array in any group is a feature stack if it has at least three axes, none of them empty,
    and real numbers. Of a scene of PRISMA, VNIR and SWIR are one. Values that take no more than
    half of the free memory are read, larger ones stay in the file, as a dask array.

    Parameters
    ----------
    location : path
    array : str, optional
        Path of the only array to read.
    feature_axis : int, optional
        Axis of the stored array along which the features lie. Unless given, the one whose name is
        that of a feature axis, such as band; else the only one that is as long as an array of
        wavelengths in the file; else a guess.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Returns
    -------
    list of FeatureStack
        A single one is named after the file, several "<file name>: <path>". Labels, widths and
        good bands are those of arrays beside it: wavelengths, fwhm, good_wavelengths. The
        attributes scale_factor, add_offset, _FillValue, missing_value and valid_range count.

    Raises
    ------
    DatasetError
        If the file is damaged, if none of its arrays is a feature stack or too many of them are,
        if one lacks the axis, or if h5py is not installed.
    concurrent.futures.CancelledError
        If `track` ended the iteration early.
    """
    source = values_of(location)  # before a look inside the file, which may be replaced
    found: dict[str, StoredStack] = {}
    with opened_hdf5(location) as file:
        listed = listed_arrays(file)
        swaths = prisma_swaths(listed)
        names = [*swaths] or [name for name, one in listed.items() if one.is_stack]
        if array is not None:
            names = _asked(file, array.strip("/"), listed, swaths)
        if not names:
            texts = {name: str(one) for name, one in listed.items()} | passed_over(file)
            raise no_stacks(location, texts, array, _STACK_THEM)
        _check_number(location, names, listed)
        lengths = {length for name in names if name in listed for length in listed[name].shape}
        vectors = described_vectors(file, listed, lengths)
        for name in names:
            try:
                if name in swaths:
                    found[name] = prisma_stack(file, swaths[name], source, feature_axis)
                else:
                    found[name] = _stored_stack(file, name, vectors, source, feature_axis)
            except DatasetError as error:
                raise error.inside(location, name) from error.__cause__
    called = name_of(location)
    return [
        stored.read(called if len(found) == 1 else f"{called}: {name}", track)
        for name, stored in found.items()
    ]


def hdf5_array_names(location: Location) -> dict[str, bool]:
    """Return the paths of all arrays, and whether each is opened as a feature stack."""
    with opened_hdf5(location) as file:
        listed = listed_arrays(file)
        swaths = prisma_swaths(listed)
        if swaths:
            return {**dict.fromkeys(swaths, True), **dict.fromkeys(listed, False)}
        return {name: one.is_stack for name, one in listed.items()}


def _asked(
    file: Any, array: str, listed: dict[str, ListedArray], swaths: Container[str]
) -> list[str]:
    """Return the name of the array that is asked for; nothing if it is no stack."""
    if array in swaths:
        return [array]
    found = listed.get(array) or listed_array(file, array)
    if found is None or not found.is_stack:
        return []
    listed[array] = found
    return [array]


def _check_number(location: Location, names: list[str], listed: dict[str, ListedArray]) -> None:
    if len(names) > MOST_STACKS:
        are_all = len(listed) < MOST_ARRAYS
        raise DatasetError(
            f"{'' if are_all else 'at least '}{len(names)} feature stacks, "
            f"{', '.join(names[:_MOST_LISTED])} …",
            expected=f"at most {MOST_STACKS}, or the name of one",
            remedy="Name the array to take (--array NAME, array=NAME).",
            file=location,
        )


def _stored_stack(
    file: Any,
    name: str,
    vectors: Iterable[DescribedArray],
    source: Hdf5File,
    asked: int | None,
) -> StoredStack:
    array = described(file, name)
    features = feature_axis_of(array, vectors, asked=asked, proposed=proposed_axis(array.shape))
    stored = Hdf5Array(source, name, array.shape, array.dtype)
    values, storage = unpacked(stored, packing_of(array.attributes, array.dtype))
    dataset, known = file[name], {**features.known, **storage}
    return StoredStack(values, features.axis, dataset.chunks, known, is_sparse(dataset))


def _read(
    location: Location, *, array: str | None, feature_axis: int | None, track: Track
) -> list[FeatureStack]:
    return read_hdf5(location, array=array, feature_axis=feature_axis, track=track)


HDF5 = Format(
    name="HDF5 file",
    suffixes=(".h5", ".hdf5", ".he5"),
    claims=lambda _: True,
    looks_like_stack=lambda location: any(hdf5_array_names(location).values()),
    read=_read,
    array_names=hdf5_array_names,
)
"""Each array with three or more axes, wherever in the file."""
