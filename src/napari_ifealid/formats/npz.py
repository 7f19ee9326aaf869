"""The format .npz: several NumPy arrays in a ZIP file."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
from numpy.lib import format as npy

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.array_blocks import write_npy_to
from napari_ifealid.formats.atomic_write import written_file
from napari_ifealid.formats.details import ALL_DETAILS, Detail, details_of
from napari_ifealid.formats.fields import Fields
from napari_ifealid.formats.format import Format, no_stacks, with_features_last
from napari_ifealid.formats.location import Location, first_bytes, name_of
from napari_ifealid.formats.npy_header import SAVE_AGAIN, ArrayHeader, check_some_finite
from napari_ifealid.formats.npz_members import (
    array_key,
    array_members,
    member_header,
    member_values,
)
from napari_ifealid.formats.stack_fields import (
    FIELDS_TOGETHER,
    LABELS_KEY,
    PLACE_KEY,
    known_fields,
    stack_fields,
    usable_fields,
)
from napari_ifealid.formats.zip_archive import ZIP_STARTS, member_names, opened_zip
from napari_ifealid.memory import check_memory
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, every_item, untracked

FEATURES_KEY = "features"
"""Name of the array that other arrays of the file tell of."""

_KNOWN_KEYS = {key for keys in FIELDS_TOGETHER for key in keys} - {PLACE_KEY}
_LARGEST_KNOWN = 1 << 24  # bytes

_STACK_THEM = "Stack the features along the last axis and save the array with numpy.savez."


def read_npz(
    location: Location, *, array: str | None = None, track: Track = untracked
) -> list[FeatureStack]:
    """Read each feature stack in a .npz file, or one of them.

    An array is a feature stack if it has at least three axes, none of them empty, and real
    numbers. Other arrays are skipped, but for small ones that tell of the array `features` what
    `write_array` writes: `feature_labels`, `stride` and `offset` along y and x, and the like.

    Parameters
    ----------
    location : path
    array : str, optional
        Name of the only array to read.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Returns
    -------
    list of FeatureStack
        A single one is named after the file, several "<file name>: <array name>".

    Raises
    ------
    DatasetError
        If the file is damaged, if none of its arrays is a feature stack, or if one has no finite
        value, or memory is short.
    """
    name = name_of(location)
    with opened_zip(location) as archive:
        headers = {info: member_header(archive, info) for info in array_members(archive)}
        stacks = [
            info
            for info, header in headers.items()
            if header.is_stack and array in (None, array_key(info))
        ]
        if not stacks:
            listed = {array_key(info): str(header) for info, header in headers.items()}
            raise no_stacks(location, listed, array, _STACK_THEM)
        known = _known(archive, headers)
        try:
            check_memory(sum(headers[info].file_size for info in stacks))
        except DatasetError as error:
            raise error.inside(location) from error.__cause__
        return [
            FeatureStack(
                values=member_values(archive, info, headers[info], check_some_finite),
                name=name if len(stacks) == 1 else f"{name}: {array_key(info)}",
                **(known if array_key(info) == FEATURES_KEY else {}),
            )
            for info in every_item(track, stacks, total=len(stacks), desc=f"Opening {name}")
        ]


def write_npz(path: Path, stack: FeatureStack, *, force: bool, track: Track) -> None:
    """Write the real values of a stack, and what small arrays can hold, see `write_array`."""
    has_labels = Detail.LABELS in details_of(stack)
    with (
        written_file(path, force=force) as stream,
        ZipFile(stream, "w", ZIP_DEFLATED) as archive,
    ):
        with archive.open(f"{FEATURES_KEY}.npy", "w", force_zip64=True) as member:
            write_npy_to(member, stack, track)
        for key, value in stack_fields(stack).items():
            if key in _KNOWN_KEYS and (key != LABELS_KEY or has_labels):
                with archive.open(f"{key}.npy", "w") as member:
                    npy.write_array(member, np.array(value), version=(1, 0))


def _array_names(location: Location) -> dict[str, bool]:
    with opened_zip(location) as archive:
        arrays = {array_key(info): member_header(archive, info) for info in array_members(archive)}
        telling = _KNOWN_KEYS if FEATURES_KEY in arrays else set()
        return {
            key: header.is_stack
            for key, header in arrays.items()
            if header.is_stack or key not in telling
        }


def _known(archive: ZipFile, headers: dict[ZipInfo, ArrayHeader]) -> dict[str, Any]:
    """Return what small arrays tell of the array `features`; wrong ones are left out."""
    infos = {array_key(info): info for info in headers}
    if FEATURES_KEY not in infos:
        return {}
    told = {
        key: member_values(archive, infos[key], headers[infos[key]]).tolist()
        for key in _KNOWN_KEYS & infos.keys()
        if _is_small(headers[infos[key]])
    }
    (*_, features) = headers[infos[FEATURES_KEY]].stand_in.shape or (0,)
    usable = Fields(usable_fields(told, features), str, SAVE_AGAIN)
    return known_fields(usable, features)


def _is_small(header: ArrayHeader) -> bool:
    array = header.stand_in
    return array.dtype.kind in "biufU" and array.ndim <= 1 and array.nbytes <= _LARGEST_KNOWN


def _read(
    location: Location, *, array: str | None, feature_axis: int | None, track: Track
) -> list[FeatureStack]:
    stacks = read_npz(location, array=array, track=track)
    return [with_features_last(stack, feature_axis, location) for stack in stacks]


NPZ = Format(
    name="NumPy arrays",
    suffixes=(".npz", ".npy"),
    claims=lambda location: first_bytes(location).startswith(ZIP_STARTS),
    looks_like_stack=lambda location: any(name.endswith(".npy") for name in member_names(location)),
    read=_read,
    array_names=_array_names,
    write=write_npz,
    keeps=lambda _: ALL_DETAILS - {Detail.OVERLAY, Detail.PLACE, Detail.SYSTEM},
)
"""Each array with three or more axes."""
