"""Files of classic netCDF, before version 4."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.cf_values import packing_of, unpacked, unwritten_value
from napari_ifealid.formats.described_array import DescribedArray
from napari_ifealid.formats.features_last import StoredArray
from napari_ifealid.formats.file_array import FileArray
from napari_ifealid.formats.file_state import FileState
from napari_ifealid.formats.format import no_stacks
from napari_ifealid.formats.hdf5_contents import ListedArray
from napari_ifealid.formats.location import Location, cannot_open, name_of
from napari_ifealid.formats.netcdf_header import ClassicVariable, classic_variables
from napari_ifealid.formats.proposed_axis import proposed_axis
from napari_ifealid.formats.record_array import RecordArray
from napari_ifealid.formats.spectral_axis import feature_axis_of
from napari_ifealid.formats.stored_stack import StoredStack
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, untracked

_STACK_THEM = "Stack the features along a dimension, or choose another variable or file."
_LONGEST_VECTOR = 1 << 16


def read_classic_netcdf(
    location: Location,
    *,
    array: str | None = None,
    feature_axis: int | None = None,
    track: Track = untracked,
) -> list[FeatureStack]:
    """Read each feature stack in a file of classic netCDF, or one of them, see `read_hdf5`.

    Raises
    ------
    DatasetError
        If the file is damaged, or if none of its variables is a feature stack.
    """
    file = _opened(location)
    variables = file.variables
    names = [n for n, one in variables.items() if array in (None, n) and _listed(one).is_stack]
    if not names:
        listed = {name: str(_listed(one)) for name, one in variables.items()}
        raise no_stacks(location, listed, array, _STACK_THEM)
    vectors = [file.described(name) for name, one in variables.items() if _is_vector(one)]
    found = {}
    for name in names:
        try:
            found[name] = _stored_stack(file, name, vectors, feature_axis)
        except DatasetError as error:
            raise error.inside(location, name) from error.__cause__
    called = name_of(location)
    return [
        stored.read(called if len(found) == 1 else f"{called}: {name}", track)
        for name, stored in found.items()
    ]


def classic_array_names(location: Location) -> dict[str, bool]:
    """Return the names of all variables, and whether each is a feature stack."""
    return {name: _listed(one).is_stack for name, one in _opened(location).variables.items()}


@dataclass(frozen=True, eq=False)
class _File:
    """A file that was looked into."""

    path: str
    state: FileState
    variables: dict[str, ClassicVariable]

    def described(self, name: str) -> DescribedArray:
        one = self.variables[name]
        unwritten = unwritten_value(one.stored)
        missing = {} if unwritten is None else {"_FillValue": unwritten}
        return DescribedArray(
            name=name,
            shape=one.shape,
            dtype=one.stored.newbyteorder("="),
            attributes=missing | one.attributes,
            axis_names=tuple(f"/{dimension}" for dimension in one.dimensions),
            read=lambda: self._vector(name),
        )

    def stored(self, name: str) -> StoredArray:
        one = self.variables[name]
        shape = one.shape if one.record_step is None else one.shape[1:]
        array = FileArray(self.path, one.place, shape, one.stored, False, self.state)
        if one.record_step is None:
            return array
        return RecordArray(array, one.shape[0], one.record_step)

    def _vector(self, name: str) -> NDArray[Any]:
        return self.stored(name)[(slice(None),)]


def _opened(location: Location) -> _File:
    path = Path(location).absolute()
    try:
        with path.open("rb") as stream:
            state = FileState.of(os.fstat(stream.fileno()))
            return _File(str(path), state, classic_variables(stream, state.size))
    except OSError as error:
        raise cannot_open(location, error) from error
    except ValueError as error:
        raise DatasetError(
            f"a truncated or damaged netCDF file ({short_reason(error)})",
            expected="a complete netCDF file",
            remedy="Download or copy it again.",
            file=location,
        ) from error


def _listed(variable: ClassicVariable) -> ListedArray:
    return ListedArray(variable.shape, variable.stored.newbyteorder("="))


def _is_vector(variable: ClassicVariable) -> bool:
    is_short = len(variable.shape) == 1 and 0 < variable.shape[0] <= _LONGEST_VECTOR
    return is_short and variable.stored.kind in "iuf"


def _stored_stack(
    file: _File, name: str, vectors: Iterable[DescribedArray], asked: int | None
) -> StoredStack:
    array = file.described(name)
    features = feature_axis_of(array, vectors, asked=asked, proposed=proposed_axis(array.shape))
    values, storage = unpacked(file.stored(name), packing_of(array.attributes, array.dtype))
    return StoredStack(values, features.axis, None, {**features.known, **storage})
