"""MATLAB files of versions 5 to 7.2."""

from __future__ import annotations

import os
import zlib
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.described_array import DescribedArray
from napari_ifealid.formats.features_last import StoredArray
from napari_ifealid.formats.file_array import FileArray
from napari_ifealid.formats.file_state import FileState, has_changed
from napari_ifealid.formats.hdf5_contents import ListedArray
from napari_ifealid.formats.location import Location, cannot_open
from napari_ifealid.formats.matlab_elements import (
    HEADER_SIZE,
    Variable,
    is_version_4,
    variables_in,
)
from napari_ifealid.formats.matlab_variables import vectors_of
from napari_ifealid.memory import check_memory


class ClassicVariables:
    """The variables of a file of version 5 to 7.2, see `Variables`.

    Packed ones, as MATLAB writes them unless asked, are read into memory; others may stay in the
    file. Version 4 has matrices only, and none of its files is read.

    Parameters
    ----------
    location : path

    Raises
    ------
    DatasetError
        If it is missing, of version 4, no MATLAB file or a damaged one.
    """

    def __init__(self, location: Location) -> None:
        self._path = Path(location)
        try:
            with self._path.open("rb") as stream:
                self._state = FileState.of(os.fstat(stream.fileno()))
                if is_version_4(stream.read(HEADER_SIZE)):
                    raise self._of_version_4()
                stream.seek(0)
                found = list(variables_in(stream, self._state.size))
        except OSError as error:
            raise cannot_open(location, error) from error
        except DatasetError:
            raise
        except (ValueError, zlib.error) as error:
            raise self._damaged(error) from error
        self._variables = {one.name: one for one in found if one.stored is not None}
        self.arrays = {
            name: ListedArray(one.shape, one.stored.newbyteorder("="))
            for name, one in self._variables.items()
            if one.stored is not None
        }
        self.others = {one.name: f"{one.shape} {one.kind}" for one in found if one.stored is None}

    def described(self, name: str) -> DescribedArray:
        """Return what is known of an array."""
        listed = self.arrays[name]
        return DescribedArray(
            name=name, shape=listed.shape, dtype=listed.dtype, read=lambda: self._values(name)
        )

    def vectors(self) -> list[DescribedArray]:
        """Return the vectors that may tell of features."""
        return vectors_of(self)

    def stored(self, name: str) -> tuple[StoredArray, None]:
        """Return an array to be read: of a packed one, its values."""
        variable = self._variables[name]
        return (
            self._in_file(variable) if variable.packed is None else self._unpacked(variable)
        ), None

    def is_sparse(self, name: str) -> bool:  # noqa: ARG002
        """Return False: packed values are as many as they say."""
        return False

    def _values(self, name: str) -> NDArray[Any]:
        array, _ = self.stored(name)
        return array[(slice(None),) * len(array.shape)]

    def _in_file(self, variable: Variable) -> FileArray:
        assert variable.stored is not None
        return FileArray(
            path=str(self._path.absolute()),
            start=variable.place,
            shape=variable.shape,
            stored=variable.stored,
            is_fortran=True,
            state=self._state,
        )

    def _unpacked(self, variable: Variable) -> NDArray[Any]:
        assert variable.stored is not None
        check_memory(2 * prod(variable.shape) * variable.stored.itemsize)
        try:
            with self._path.open("rb") as stream:
                if FileState.of(os.fstat(stream.fileno())) != self._state:
                    raise has_changed(self._path)
                values = variable.unpacked(stream)
        except OSError as error:
            raise cannot_open(self._path, error) from error
        except DatasetError:
            raise
        except (ValueError, zlib.error) as error:
            raise self._damaged(error) from error
        return np.asarray(values, values.dtype.newbyteorder("="))

    def _of_version_4(self) -> DatasetError:
        return DatasetError(
            "a MATLAB file of version 4, which holds matrices only",
            expected="a MATLAB file of version 5 or newer, with arrays of three axes",
            remedy="Save the array with three axes in MATLAB with save(…, '-v7').",
            file=self._path,
        )

    def _damaged(self, error: Exception) -> DatasetError:
        return DatasetError(
            f"a truncated or damaged MATLAB file, or none ({short_reason(error)})",
            expected="a complete MATLAB file of version 5 or newer",
            remedy="Check that this is the right file, or save the variables again.",
            file=self._path,
        )
