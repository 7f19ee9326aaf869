"""The arrays of a .npz file, read with care: sizes are checked before any memory is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any
from zipfile import ZipFile, ZipInfo

from numpy.lib import format as npy
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.npy_header import SAVE_AGAIN, ArrayHeader, read_header
from napari_ifealid.formats.zip_archive import BOUNDED, opened_member
from napari_ifealid.memory import check_memory

_SUFFIX = ".npy"


def array_members(archive: ZipFile) -> list[ZipInfo]:
    """Return the entries that are arrays.

    Raises
    ------
    DatasetError
        If two of them have the same name.
    """
    members = [info for info in archive.infolist() if info.filename.endswith(_SUFFIX)]
    name, count = next(iter(Counter(info.filename for info in members).most_common(1)), ("", 0))
    if count > 1:
        raise DatasetError(
            f"{count} arrays of this name",
            expected="one",
            remedy="Save the arrays again under names of their own.",
            file=archive.filename,
            member=name,
        )
    return members


def array_key(member: ZipInfo) -> str:
    """Return the name of an array."""
    return member.filename.removesuffix(_SUFFIX)


def member_header(archive: ZipFile, member: ZipInfo) -> ArrayHeader:
    """Return the header of an array.

    Raises
    ------
    DatasetError
        If it is damaged, or packed by a method that may unpack more than it is asked for.
    """
    with opened_member(archive, member) as stream:
        if member.compress_type not in BOUNDED:
            raise DatasetError(
                "an array packed in an unusual way",
                expected="an array stored or packed with deflate",
                remedy="Save the arrays again with numpy.savez_compressed.",
            )
        return read_header(stream)


def member_values(
    archive: ZipFile,
    member: ZipInfo,
    header: ArrayHeader,
    check: Callable[[NDArray[Any]], None] = lambda _: None,
) -> NDArray[Any]:
    """Return an array, in the byte order of this computer.

    Parameters
    ----------
    archive : ZipFile
    member : ZipInfo
    header : ArrayHeader
        Of the member. Whether the memory suffices is up to the caller.
    check : callable, optional
        `check(values)` raises a DatasetError if the values are wrong.

    Raises
    ------
    DatasetError
        If the array is truncated, damaged or longer than its header says.
    """
    with opened_member(archive, member) as stream:
        header.check_complete(member.file_size)
        values = _native(npy.read_array(stream, allow_pickle=False))
        if stream.read(1):  # then the checksum, which is at the end, is unchecked
            raise DatasetError(
                "more bytes than the array has",
                expected=f"{header.file_size:,} bytes",
                remedy=SAVE_AGAIN,
            )
        check(values)
        return values


def _native(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype.isnative:
        return values
    check_memory(values.nbytes)
    return values.astype(values.dtype.newbyteorder("="))
