"""The header of a .npy file, or of a member of a .npz file."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from tokenize import TokenError
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.stack import check_feature_array

NPY_START = npy.MAGIC_PREFIX
SAVE_AGAIN = "Save the array again with numpy.save or numpy.savez."
PIECE_LENGTH = 2**16
_LONGEST_HEADER = 10_000  # bytes; NumPy refuses longer ones, once they are read

# versions 2 and 3 differ only in the alphabet for the names of structured types
_READERS = {
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
    (3, 0): npy.read_array_header_2_0,
}

# a header is Python text, so that a damaged one fails in many ways
_BAD_HEADER = (ValueError, TypeError, OverflowError, SyntaxError, TokenError, RecursionError)


@dataclass(frozen=True, eq=False)
class ArrayHeader:
    """The header of a .npy file, which describes its array.

    Parameters
    ----------
    stand_in : array
        An array of the same shape and type that takes up no memory.
    values_start : int
        Where the values begin, in bytes.
    is_fortran : bool
        Whether the first axis runs fastest.
    """

    stand_in: NDArray[Any]
    values_start: int
    is_fortran: bool

    @property
    def file_size(self) -> int:
        """Size of the whole .npy file, in bytes."""
        return self.values_start + self.stand_in.nbytes

    def __str__(self) -> str:
        return f"{self.stand_in.shape} {self.stand_in.dtype}"

    @property
    def is_stack(self) -> bool:
        """Whether the array can be the values of a feature stack."""
        try:
            check_feature_array(self.stand_in)
        except DatasetError:
            return False
        return True

    def check_complete(self, size: int) -> None:
        """Raise if a file of so many bytes does not hold all values.

        Raises
        ------
        DatasetError
        """
        if size < self.file_size:
            raise DatasetError(
                f"a truncated array of {size:,} bytes",
                expected=f"{self.file_size:,} bytes for the shape {self.stand_in.shape}",
                remedy=f"Copy the file again. {SAVE_AGAIN}",
            )


def read_header(stream: IO[bytes]) -> ArrayHeader:
    """Read the header of an array, up to its values.

    Raises
    ------
    DatasetError
        If there is none, or a damaged one.
    """
    try:
        version = npy.read_magic(stream)
        if version not in _READERS:
            raise ValueError(f"version {version[0]}.{version[1]} of the format")
        shape, is_fortran, dtype = _READERS[version](_header_alone(stream, version))
        if dtype.shape:  # which NumPy would append to that of the array
            raise ValueError(f"a type with a shape of its own, {dtype.shape}")
        stand_in = np.broadcast_to(np.empty((), dtype), shape)
        return ArrayHeader(stand_in, stream.tell(), is_fortran)
    except _BAD_HEADER as error:
        raise DatasetError(
            f"no NumPy array that can be read ({short_reason(error)})",
            expected="an array that numpy.save has written",
            remedy=SAVE_AGAIN,
        ) from error


def _header_alone(stream: IO[bytes], version: tuple[int, int]) -> BytesIO:
    """Return a header with its length: NumPy would make room for 4 GB if a damaged one says so."""
    told = stream.read(2 if version == (1, 0) else 4)
    length = int.from_bytes(told, "little")
    if length > _LONGEST_HEADER:
        raise ValueError(f"a header of {length:,} bytes")
    return BytesIO(told + stream.read(length))


def check_some_finite(values: NDArray[Any]) -> None:
    """Raise unless there is a finite value. Looks no further than to the first one.

    Raises
    ------
    DatasetError
    """
    if values.dtype.kind != "f":
        return
    pieces = np.nditer(values, ["external_loop", "buffered"], buffersize=PIECE_LENGTH)
    if not any(np.isfinite(piece).any() for piece in pieces):
        raise DatasetError(
            "no finite value: all are NaN or infinite",
            expected="at least some finite values",
            remedy="Check how the array was made.",
        )
