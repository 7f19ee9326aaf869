"""MATLAB files of version 7.3, which are HDF5: arrays that may stay in the file."""

from __future__ import annotations

from itertools import islice
from typing import Any

from numpy.typing import NDArray

from napari_ifealid.formats.described_array import DescribedArray
from napari_ifealid.formats.features_last import StoredArray
from napari_ifealid.formats.hdf5_contents import MOST_ARRAYS, ListedArray, is_sparse
from napari_ifealid.formats.hdf5_file import Hdf5Array, opened_hdf5, values_of
from napari_ifealid.formats.location import Location
from napari_ifealid.formats.matlab_variables import vectors_of
from napari_ifealid.formats.reversed_axes import ReversedAxes

_CLASS, _EMPTY = "MATLAB_class", "MATLAB_empty"
_NUMBERS = {"double", "single", "logical"} | {
    f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
}
_HIDDEN = "#"  # what MATLAB's own groups start with


class Hdf5Variables:
    """The variables of a file of version 7.3, see `Variables`.

    MATLAB writes the axes in the reverse order; those of structs are not looked into.

    Parameters
    ----------
    location : path

    Raises
    ------
    DatasetError
        If it is no HDF5 file or a damaged one, or if h5py is not installed.
    """

    def __init__(self, location: Location) -> None:
        self._file = values_of(location)
        self._chunks: dict[str, tuple[int, ...] | None] = {}
        self._sparse: set[str] = set()
        self.arrays: dict[str, ListedArray] = {}
        self.others: dict[str, str] = {}
        with opened_hdf5(location) as file:
            for name in islice(file, MOST_ARRAYS):
                item = file.get(name)  # None behind a broken link
                if item is not None and not name.startswith(_HIDDEN):
                    self._look(name, item)

    def described(self, name: str) -> DescribedArray:
        """Return what is known of an array."""
        listed = self.arrays[name]
        return DescribedArray(
            name=name, shape=listed.shape, dtype=listed.dtype, read=lambda: self._values(name)
        )

    def vectors(self) -> list[DescribedArray]:
        """Return the vectors that may tell of features."""
        return vectors_of(self)

    def stored(self, name: str) -> tuple[StoredArray, tuple[int, ...] | None]:
        """Return an array to be read, and the lengths of its chunks."""
        chunks = self._chunks[name]
        return self._array(name), None if chunks is None else chunks[::-1]

    def is_sparse(self, name: str) -> bool:
        """Return whether the file holds next to nothing of a large array."""
        return name in self._sparse

    def _look(self, name: str, item: Any) -> None:
        kind = item.attrs.get(_CLASS, b"")
        kind = kind.decode(errors="replace") if isinstance(kind, bytes) else str(kind)
        is_numeric = not kind or kind in _NUMBERS  # other programs leave the class out
        is_array = hasattr(item, "chunks") and item.shape is not None and _EMPTY not in item.attrs
        if is_array and is_numeric and item.dtype.kind in "buif":
            self.arrays[name] = ListedArray(item.shape[::-1], item.dtype)
            self._chunks[name] = item.chunks
            if is_sparse(item):
                self._sparse.add(name)
        else:
            self.others[name] = kind or "of another class"

    def _array(self, name: str) -> ReversedAxes:
        listed = self.arrays[name]
        return ReversedAxes(Hdf5Array(self._file, name, listed.shape[::-1], listed.dtype))

    def _values(self, name: str) -> NDArray[Any]:
        array = self._array(name)
        return array[(slice(None),) * len(array.shape)]
