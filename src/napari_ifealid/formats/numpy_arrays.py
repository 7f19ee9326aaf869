"""NumPy files: .npy, memory-mapped, and .npz."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any
from zipfile import ZipFile, ZipInfo

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.zip_archive import BOUNDED, cannot_open, opened_member, opened_zip
from napari_ifealid.memory import check_memory
from napari_ifealid.stack import FeatureStack, Placement, check_feature_array
from napari_ifealid.tracking import Track, every_item, untracked

MOST_LISTED = 10
PIECE_LENGTH = 2**16
NPY_START = npy.MAGIC_PREFIX

FEATURES_KEY, STRIDE_KEY, OFFSET_KEY = "features", "stride", "offset"
"""Names of the arrays of a .npz file that tells where its feature stack lies on an image."""

# a header is Python text, so that a damaged one fails in many ways
_BAD_HEADER = (ValueError, TypeError, OverflowError, SyntaxError, TokenError, RecursionError)

_AGAIN = "Save the array again with numpy.save or numpy.savez."


@dataclass(frozen=True, eq=False)
class ArrayHeader:
    """What a .npy file says of its array before the values begin.

    Parameters
    ----------
    stand_in : array
        An array of the same shape and type that takes up no memory.
    values_start : int
        Where the values begin, in bytes.
    """

    stand_in: NDArray[Any]
    values_start: int

    @property
    def file_size(self) -> int:
        """Size of the whole .npy file, in bytes."""
        return self.values_start + self.stand_in.nbytes

    def __str__(self) -> str:
        return f"{self.stand_in.shape} {self.stand_in.dtype}"


def read_npy(path: str | PathLike[str]) -> FeatureStack:
    """Read a feature stack from a .npy file.

    The array stays in the file, memory-mapped and read-only. An array of the other byte order
    than this machine's is read and converted instead. Both orders of the axes work.

    Parameters
    ----------
    path : path
        The array's last axis is the features.

    Returns
    -------
    FeatureStack
        Named after the file.

    Raises
    ------
    DatasetError
        If the file is damaged or its array is no feature stack, or has no finite value.
    """
    path = Path(path)
    try:
        _check_npy(path)
        values = _native(np.load(path, mmap_mode="r", allow_pickle=False))
        _check_some_finite(values)
    except DatasetError as error:
        raise error.inside(path) from error.__cause__
    except OSError as error:
        raise cannot_open(path, error) from error
    return FeatureStack(values=values, name=path.name)


def read_npz(
    path: str | PathLike[str], *, array: str | None = None, track: Track = untracked
) -> list[FeatureStack]:
    """Read each feature stack in a .npz file, or one of them.

    An array is a feature stack if it has at least three axes, none of them empty, and real
    numbers. Other arrays are skipped, but for `stride` and `offset`, two numbers each along y and
    x, which tell the placement of the array `features`.

    Parameters
    ----------
    path : path
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
    path = Path(path)
    with opened_zip(path) as archive:
        headers = {info: _member_header(archive, info) for info in _arrays(archive)}
        stacks = [
            info
            for info, header in headers.items()
            if _is_stack(header) and array in (None, _key(info))
        ]
        if not stacks:
            raise _no_stacks(path, headers, array)
        placement = _placement(archive, headers)
        try:
            check_memory(sum(headers[info].file_size for info in stacks))
        except DatasetError as error:
            raise error.inside(path) from error.__cause__
        return [
            FeatureStack(
                values=_member_array(archive, info, headers[info]),
                name=path.name if len(stacks) == 1 else f"{path.name}: {_key(info)}",
                placement=placement if _key(info) == FEATURES_KEY else None,
            )
            for info in every_item(track, stacks, total=len(stacks), desc=f"Opening {path.name}")
        ]


def _check_npy(path: Path) -> None:
    """Raise unless the file holds a complete array that can be a feature stack."""
    with path.open("rb") as stream:
        header = _read_header(stream)
    check_feature_array(header.stand_in)
    _check_complete(header, path.stat().st_size)


def _arrays(archive: ZipFile) -> list[ZipInfo]:
    return [info for info in archive.infolist() if info.filename.endswith(".npy")]


def _key(info: ZipInfo) -> str:
    return info.filename.removesuffix(".npy")


def _member_header(archive: ZipFile, info: ZipInfo) -> ArrayHeader:
    with opened_member(archive, info) as stream:
        if info.compress_type not in BOUNDED:
            raise DatasetError(
                "an array packed in an unusual way",
                expected="an array stored or packed with deflate",
                remedy="Save the arrays again with numpy.savez_compressed.",
            )
        return _read_header(stream)


def _member_array(archive: ZipFile, info: ZipInfo, header: ArrayHeader) -> NDArray[Any]:
    with opened_member(archive, info) as stream:
        _check_complete(header, info.file_size)
        values = _native(npy.read_array(stream, allow_pickle=False))
        if stream.read(1):  # then the checksum, which is at the end, is unchecked
            raise DatasetError(
                "more bytes than the array has",
                expected=f"{header.file_size:,} bytes",
                remedy=_AGAIN,
            )
        _check_some_finite(values)
        return values


def _placement(archive: ZipFile, headers: dict[ZipInfo, ArrayHeader]) -> Placement | None:
    infos = {_key(info): info for info, header in headers.items() if _is_pair(header)}
    if not {STRIDE_KEY, OFFSET_KEY} <= infos.keys():
        return None
    stride, offset = (
        _member_array(archive, infos[key], headers[infos[key]]).tolist()
        for key in (STRIDE_KEY, OFFSET_KEY)
    )
    is_usable = np.isfinite([*stride, *offset]).all() and min(stride) > 0
    return Placement(tuple(stride), tuple(offset)) if is_usable else None


def _is_pair(header: ArrayHeader) -> bool:
    return header.stand_in.shape == (2,) and header.stand_in.dtype.kind in "iuf"


def _read_header(stream: IO[bytes]) -> ArrayHeader:
    try:
        version = npy.read_magic(stream)
        # versions 2 and 3 differ only in the alphabet for the names of structured types
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(stream)
        return ArrayHeader(np.broadcast_to(np.empty((), dtype), shape), stream.tell())
    except _BAD_HEADER as error:
        raise DatasetError(
            f"no NumPy array that can be read ({_first_line(error)})",
            expected="an array that numpy.save has written",
            remedy=_AGAIN,
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _check_complete(header: ArrayHeader, size: int) -> None:
    if size < header.file_size:
        raise DatasetError(
            f"a truncated array of {size:,} bytes",
            expected=f"{header.file_size:,} bytes for the shape {header.stand_in.shape}",
            remedy=f"Copy the file again. {_AGAIN}",
        )


def _is_stack(header: ArrayHeader) -> bool:
    try:
        check_feature_array(header.stand_in)
    except DatasetError:
        return False
    return True


def stack_names(path: str | PathLike[str]) -> list[str]:
    """Return the names of the arrays of a .npz file that are feature stacks.

    Raises
    ------
    DatasetError
        If the file is damaged.
    """
    with opened_zip(path) as archive:
        arrays = _arrays(archive)
        return [_key(info) for info in arrays if _is_stack(_member_header(archive, info))]


def _no_stacks(path: Path, headers: dict[ZipInfo, ArrayHeader], array: str | None) -> DatasetError:
    listed = [f"{_key(info)} {header}" for info, header in headers.items()]
    more = f" and {len(listed) - MOST_LISTED} more" if len(listed) > MOST_LISTED else ""
    called = "" if array is None else f" called {array!r}"
    found = "; ".join(listed[:MOST_LISTED]) or "none"
    return DatasetError(
        f"no feature stack{called} among the arrays: {found}{more}",
        expected="an array of real numbers with at least three axes, (..., features)",
        remedy="Stack the features along the last axis and save the array with numpy.savez.",
        file=path,
    )


def _native(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype.isnative:
        return values
    check_memory(values.nbytes)
    return values.astype(values.dtype.newbyteorder("="))


def _check_some_finite(values: NDArray[Any]) -> None:
    """Raise unless there is a finite value. Looks no further than to the first one."""
    if values.dtype.kind != "f":
        return
    pieces = np.nditer(values, ["external_loop", "buffered"], buffersize=PIECE_LENGTH)
    if not any(np.isfinite(piece).any() for piece in pieces):
        raise DatasetError(
            "no finite value: all are NaN or infinite",
            expected="at least some finite values",
            remedy="Check how the array was made.",
        )
