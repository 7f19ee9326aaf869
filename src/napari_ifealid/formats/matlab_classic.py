"""MATLAB files of versions 4 to 7.2, which are read into memory."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.described_array import DescribedArray
from napari_ifealid.formats.features_last import StoredArray
from napari_ifealid.formats.hdf5_contents import ListedArray
from napari_ifealid.formats.location import Location, cannot_open
from napari_ifealid.formats.matlab_variables import NUMBERS, vectors_of
from napari_ifealid.memory import check_memory

_MOST_PER_BYTE = 1100  # values that deflate packs into a byte


class ClassicVariables:
    """The variables of a file of version 4 to 7.2, see `Variables`.

    Parameters
    ----------
    location : path

    Raises
    ------
    DatasetError
        If it is missing, no MATLAB file or a damaged one.
    """

    def __init__(self, location: Location) -> None:
        from scipy.io import whosmat

        self._path = Path(location)
        try:
            self._size = self._path.stat().st_size
            found = whosmat(self._path)
        except Exception as error:  # scipy fails in many ways
            raise self._error(error) from error
        self.arrays = {
            name: ListedArray(tuple(map(int, shape)), np.dtype(NUMBERS[kind]))
            for name, shape, kind in found
            if kind in NUMBERS
        }
        self.others = {
            name: f"{shape} {kind}" for name, shape, kind in found if kind not in NUMBERS
        }

    def described(self, name: str) -> DescribedArray:
        """Return what is known of an array."""
        listed = self.arrays[name]
        return DescribedArray(
            name=name, shape=listed.shape, dtype=listed.dtype, read=lambda: self._values(name)
        )

    def vectors(self) -> list[DescribedArray]:
        """Return the vectors that may tell of features."""
        return vectors_of(self.arrays, self._values)

    def stored(self, name: str) -> tuple[StoredArray, None]:
        """Return the values of an array, in memory."""
        return self._values(name), None

    def _values(self, name: str) -> NDArray[Any]:
        from scipy.io import loadmat

        listed = self.arrays[name]
        if prod(listed.shape) > _MOST_PER_BYTE * self._size:
            raise self._damaged(ValueError(f"no room for the shape {listed.shape}"))
        check_memory(2 * prod(listed.shape) * listed.dtype.itemsize)
        try:
            values = loadmat(self._path, variable_names=[name])[name]
        except Exception as error:  # scipy fails in many ways
            raise self._error(error) from error
        if values.shape != listed.shape:
            raise self._damaged(ValueError(f"the shape {values.shape}, not {listed.shape}"))
        return np.asarray(values, values.dtype.newbyteorder("="))

    def _error(self, error: Exception) -> DatasetError:
        is_of_system = isinstance(error, OSError) and error.errno is not None
        return cannot_open(self._path, error) if is_of_system else self._damaged(error)

    def _damaged(self, error: Exception) -> DatasetError:
        return DatasetError(
            f"a truncated or damaged MATLAB file, or none ({short_reason(error)})",
            expected="a complete MATLAB file",
            remedy="Check that this is the right file, or save the variables again.",
            file=self._path,
        )
