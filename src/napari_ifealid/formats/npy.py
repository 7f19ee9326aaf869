"""The format .npy: one NumPy array."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.array_blocks import write_npy_to
from napari_ifealid.formats.atomic_write import written_file
from napari_ifealid.formats.blocks import LAZY_VALUES, block_lengths, blocks
from napari_ifealid.formats.file_array import FileArray
from napari_ifealid.formats.file_state import FileState
from napari_ifealid.formats.format import Format, with_features_last
from napari_ifealid.formats.location import Location, cannot_open, first_bytes
from napari_ifealid.formats.npy_header import NPY_START, check_some_finite, read_header
from napari_ifealid.formats.zip_archive import ZIP_STARTS
from napari_ifealid.lazy_arrays import block_chunks, lazy
from napari_ifealid.memory import fits_memory
from napari_ifealid.stack import FeatureStack, check_feature_array
from napari_ifealid.tracking import Track, every_item, untracked


def read_npy(location: Location, *, track: Track = untracked) -> FeatureStack:
    """Read a feature stack from a .npy file.

    An array that takes no more than half of the free memory is read. A larger one stays in the
    file, as a dask array. Both orders of the axes and of the bytes work.

    Parameters
    ----------
    location : path
        The array's last axis is the features.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Returns
    -------
    FeatureStack
        Named after the file.

    Raises
    ------
    DatasetError
        If the file is damaged or its array is no feature stack, or, of one that is read, has no
        finite value.
    concurrent.futures.CancelledError
        If `track` ended the iteration early.
    """
    path = Path(location)
    try:
        array = _file_array(path)
        if fits_memory(array.nbytes):
            values = _read_whole(array, path.name, track)
            check_some_finite(values)
        else:
            chunks = block_chunks(array.shape, array.dtype, is_fortran=array.is_fortran)
            values = lazy(array, chunks)
    except DatasetError as error:
        raise error.inside(path) from error.__cause__
    except OSError as error:
        raise cannot_open(path, error) from error
    return FeatureStack(values=values, name=path.name)


def write_npy(path: Path, stack: FeatureStack, *, force: bool, track: Track) -> None:
    """Write the real values of a stack, features last, see `write_array`."""
    with written_file(path, force=force) as stream:
        write_npy_to(stream, stack, track)


def _file_array(path: Path) -> FileArray:
    """Return the array of a .npy file that can be a feature stack, without its values."""
    with path.open("rb") as stream:
        state = FileState.of(os.fstat(stream.fileno()))  # before the header, which may be replaced
        header = read_header(stream)
    check_feature_array(header.stand_in)
    header.check_complete(state.size)
    return FileArray(
        path=str(path.absolute()),
        start=header.values_start,
        shape=header.stand_in.shape,
        stored=header.stand_in.dtype,
        is_fortran=header.is_fortran,
        state=state,
    )


def _read_whole(array: FileArray, name: str, track: Track) -> NDArray[Any]:
    """Read an array, in the order that its axes have in the file."""
    shape = array.shape[::-1] if array.is_fortran else array.shape
    values = np.empty(shape, array.dtype)
    todo = blocks(shape, block_lengths(shape, range(len(shape)), LAZY_VALUES))
    for block in every_item(track, todo, total=len(todo), desc=f"Opening {name}"):
        values[block] = array[block[::-1]].T if array.is_fortran else array[block]
    return values.T if array.is_fortran else values


def _read(
    location: Location, *, array: str | None, feature_axis: int | None, track: Track
) -> list[FeatureStack]:
    assert array is None
    return [with_features_last(read_npy(location, track=track), feature_axis, location)]


NPY = Format(
    name="NumPy array",
    suffixes=(".npy", ".npz"),
    claims=lambda location: not first_bytes(location).startswith(ZIP_STARTS),
    looks_like_stack=lambda location: first_bytes(location).startswith(NPY_START),
    read=_read,
    array_names=lambda _: None,
    write=write_npy,
)
"""One array, read whole or, where it is large, block by block."""
