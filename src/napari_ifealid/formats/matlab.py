"""The format of MATLAB: versions 5 to 7.2, and 7.3, which is HDF5."""

from __future__ import annotations

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.features_last import FeaturesLast, StoredArray, stack_values
from napari_ifealid.formats.format import Format, no_stacks
from napari_ifealid.formats.hdf5_file import is_hdf5
from napari_ifealid.formats.location import Location, name_of
from napari_ifealid.formats.matlab_classic import ClassicVariables
from napari_ifealid.formats.matlab_hdf5 import Hdf5Variables
from napari_ifealid.formats.matlab_variables import Variables
from napari_ifealid.formats.spectral_axis import feature_axis_of
from napari_ifealid.lazy_arrays import block_chunks
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, untracked

_STACK_THEM = "Stack the features along the third axis: cat(3, …) in MATLAB."


def read_matlab(
    location: Location,
    *,
    array: str | None = None,
    feature_axis: int | None = None,
    track: Track = untracked,
) -> list[FeatureStack]:
    """Read each feature stack in a MATLAB file, or one of them.

    A variable is a feature stack if it is an array of real numbers with three axes or more.
    Values that take more than half of the free memory stay in the file, as a dask array, unless
    they are packed in a file of version 7.2 or older.

    Parameters
    ----------
    location : path
    array : str, optional
        Name of the only variable to read.
    feature_axis : int, optional
        Axis, as in MATLAB but from 0, along which the features lie. Unless given, the only one
        that is as long as a vector of wavelengths in the file, which also gives the labels; else
        the last one, as a guess.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Returns
    -------
    list of FeatureStack
        A single one is named after the file, several "<file name>: <variable>".

    Raises
    ------
    DatasetError
        If the file is damaged, if none of its variables is a feature stack or one lacks the axis,
        if memory is short, or if h5py is not installed, which version 7.3 needs.
    concurrent.futures.CancelledError
        If `track` ended the iteration early.
    """
    variables = _variables(location)
    arrays = variables.arrays
    names = [name for name, one in arrays.items() if array in (None, name) and one.is_stack]
    if not names:
        texts = {name: str(one) for name, one in arrays.items()} | variables.others
        raise no_stacks(location, texts, array, _STACK_THEM)
    stacks = []
    for name in names:
        called = name_of(location) if len(names) == 1 else f"{name_of(location)}: {name}"
        try:
            stacks.append(_stack(variables, name, called, feature_axis, track))
        except DatasetError as error:
            raise error.inside(location, name) from error.__cause__
    return stacks


def _variables(location: Location) -> Variables:
    return Hdf5Variables(location) if is_hdf5(location) else ClassicVariables(location)


def _array_names(location: Location) -> dict[str, bool]:
    variables = _variables(location)
    names = {name: one.is_stack for name, one in variables.arrays.items()}
    return names | dict.fromkeys(variables.others, False)


def _stack(
    variables: Variables, name: str, called: str, asked: int | None, track: Track
) -> FeatureStack:
    array = variables.described(name)
    proposed = len(array.shape) - 1  # height, width, features, as MATLAB's own toolboxes have them
    features = feature_axis_of(array, variables.vectors(), asked=asked, proposed=proposed)
    stored, chunks = variables.stored(name)
    chunks = chunks or _pieces(stored, features.axis)
    return FeatureStack(
        values=stack_values(
            stored,
            features.axis,
            name=called,
            track=track,
            chunks=chunks,
            is_sparse=variables.is_sparse(name),
        ),
        name=called,
        **features.known,
    )


def _pieces(array: StoredArray, axis: int) -> tuple[int, ...]:
    """Return lengths of blocks that lie together where the first axis runs fastest."""
    shape = FeaturesLast(array, axis).shape
    *spatial, features = (
        lengths[0] for lengths in block_chunks(shape, array.dtype, is_fortran=True)
    )
    return (*spatial[:axis], features, *spatial[axis:])


def _read(
    location: Location, *, array: str | None, feature_axis: int | None, track: Track
) -> list[FeatureStack]:
    return read_matlab(location, array=array, feature_axis=feature_axis, track=track)


MATLAB = Format(
    name="MATLAB file",
    suffixes=(".mat",),
    claims=lambda _: True,
    looks_like_stack=lambda location: any(_array_names(location).values()),
    read=_read,
    array_names=_array_names,
)
"""Each numeric variable with three or more axes."""
