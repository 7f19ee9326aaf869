"""HDF5 files: opened for a look, or again and again for the values of their arrays."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.file_state import FileState, file_state, has_changed
from napari_ifealid.formats.hdf5_trial import check_harmless
from napari_ifealid.formats.location import Location, cannot_open, first_bytes
from napari_ifealid.formats.optional_package import imported

HDF5_START = b"\x89HDF\r\n\x1a\n"
"""What HDF5 files start with, at byte 0 or, behind another header, at 512, 1024, 2048 …"""

_FIRST_PLACE = 512
_CHUNK_CACHE = 1 << 25  # bytes: the chunks around a pixel, for the next pixel


def is_hdf5(location: Location) -> bool:
    """Return whether a file is of HDF5, good or bad.

    Raises
    ------
    DatasetError
        If the file can't be opened.
    """
    try:
        with Path(location).open("rb") as stream:
            size, place = os.fstat(stream.fileno()).st_size, 0
            while place < size:
                stream.seek(place)
                if stream.read(len(HDF5_START)) == HDF5_START:
                    return True
                place = 2 * place or _FIRST_PLACE
    except OSError as error:
        raise cannot_open(location, error) from error
    return False


@contextmanager
def opened_hdf5(location: Location) -> Iterator[Any]:
    """Open an HDF5 file for a look at what is in it.

    Yields
    ------
    h5py.File

    Raises
    ------
    DatasetError
        If it is missing, no HDF5 file or a damaged one, or if h5py is not installed. Errors while
        it is looked into become DatasetErrors, too.
    """
    if not is_hdf5(location):
        raise DatasetError(
            f"a file that is no HDF5 file (it starts with {first_bytes(location)!r})",
            expected="a complete HDF5 file",
            remedy="Check that this is the right file, and download or create it again.",
            file=location,
        )
    h5py = imported("h5py", location)
    check_harmless(Path(location), values_of(location).state)
    try:
        with h5py.File(Path(location), "r") as file:
            yield file
    except DatasetError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise _damaged(location, error) from error


def _damaged(location: Location, error: Exception) -> DatasetError:
    return DatasetError(
        f"a truncated or damaged HDF5 file ({_reason(error)})",
        expected="a complete HDF5 file",
        remedy="Download or copy it again.",
        file=location,
    )


def _reason(error: Exception) -> str:
    """Return the reason that HDF5 gives, in brackets behind what it could not do."""
    text = short_reason(error)
    reason = text.partition("(")[2].removesuffix(")")
    return reason or text


@dataclass(eq=False)
class Hdf5File:
    """A file whose arrays are read: it is opened once in each process, until nobody needs it.

    Can be pickled: other processes open the file themselves.

    Parameters
    ----------
    path : str
    state : FileState
        Of the file when it was looked into.
    """

    path: str
    state: FileState
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)
    _process: int = field(default=0, init=False, repr=False)
    _arrays: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return Hdf5File, (self.path, self.state)

    def read(self, name: str, index: Any) -> NDArray[Any]:
        """Read a part of an array.

        Parameters
        ----------
        name : str
            Its path in the file.
        index : tuple of slice or int

        Raises
        ------
        DatasetError
            If the file has changed since it was looked into, or can't be read.
        """
        self._check()
        try:
            values = np.asarray(self._array(name)[index])
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            self._check()
            raise self._cannot_read(name, error) from error
        self._check()
        return values

    def _array(self, name: str) -> Any:
        """Return an array of the opened file, of which it keeps some chunks."""
        with self._lock:
            if self._process != os.getpid():  # a forked process must not share the handle
                self._arrays = {}
                self._process = os.getpid()
            if name not in self._arrays:
                h5py = imported("h5py", self.path)
                file = h5py.File(self.path, "r", rdcc_nbytes=_CHUNK_CACHE)
                self._arrays[name] = file[name]
            return self._arrays[name]

    def _check(self) -> None:
        try:
            now = file_state(Path(self.path))
        except OSError as error:
            found = f"nothing that can be read ({short_reason(error)})"
            raise has_changed(self.path, found) from error
        if now != self.state:
            raise has_changed(self.path)

    def _cannot_read(self, name: str, error: Exception) -> DatasetError:
        missing = self._missing_filter(name)
        if missing is not None:
            return DatasetError(
                f"values packed in a way that is not installed here ({missing})",
                expected="values packed with gzip, LZF or SZIP, or a filter that is installed",
                remedy="Install the usual filters of HDF5 with: pip install hdf5plugin",
                file=self.path,
                member=name,
            )
        return DatasetError(
            f"values that can't be read ({_reason(error)})",
            expected="a complete HDF5 file",
            remedy="Download or copy it again.",
            file=self.path,
            member=name,
        )

    def _missing_filter(self, name: str) -> str | None:
        """Return the filter of an array that HDF5 lacks, if that is what is wrong."""
        h5py = imported("h5py", self.path)
        try:
            properties = self._array(name).id.get_create_plist()
            filters = [properties.get_filter(n) for n in range(properties.get_nfilters())]
            lacking = [one for one in filters if not h5py.h5z.filter_avail(one[0])]
        except (OSError, RuntimeError, KeyError, ValueError):
            return None
        return next((f"filter {code}, {text.decode()}" for code, _, _, text in lacking), None)


def values_of(location: Location) -> Hdf5File:
    """Return a file, to read the values of its arrays.

    Raises
    ------
    DatasetError
        If it is missing.
    """
    path = Path(location).absolute()
    try:
        return Hdf5File(str(path), file_state(path))
    except OSError as error:
        raise cannot_open(location, error) from error


@dataclass(frozen=True, eq=False)
class Hdf5Array:
    """An array of an HDF5 file, read where it is needed. Can be pickled.

    Parameters
    ----------
    file : Hdf5File
        Shared by the arrays of a file.
    name : str
        Its path in the file.
    shape : tuple of int
    stored : numpy dtype
        The type in the file, of either byte order.
    """

    file: Hdf5File
    name: str
    shape: tuple[int, ...]
    stored: np.dtype[Any]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of what is read, of this machine's byte order."""
        return np.dtype(self.stored.newbyteorder("=").str)

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Read a part: the index has a slice of step 1 or an int for each axis."""
        return np.asarray(self.file.read(self.name, index), self.dtype)
