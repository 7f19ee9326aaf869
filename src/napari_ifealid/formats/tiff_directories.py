"""The chain of directories in a TIFF, each of which tells where the next one is."""

from __future__ import annotations

import struct
from typing import IO

from napari_ifealid.errors import DatasetError

_ORDERS = {b"II": "<", b"MM": ">"}
_CLASSIC, _BIG = 42, 43


def check_chain(stream: IO[bytes]) -> None:
    """Raise if a directory follows on itself: tifffile would go round for ever.

    No issue of tifffile's is about it, and no version up to 2026.3 is without. What is wrong in
    other ways is left to tifffile.

    Parameters
    ----------
    stream : binary file
        Read from its start, where it is left.

    Raises
    ------
    DatasetError
    """
    seen: set[int] = set()
    try:
        place, count_kind, place_kind, size = _first(stream)
        while place:
            if place in seen:
                raise DatasetError(
                    "directories of images in a circle",
                    expected="a chain of them that ends",
                    remedy="Copy or download the file again.",
                )
            seen.add(place)
            stream.seek(place)
            count = _number(stream, count_kind)
            stream.seek(count * size, 1)
            place = _number(stream, place_kind)
    except (struct.error, OSError, ValueError, OverflowError) as error:  # it ends elsewhere
        if isinstance(error, DatasetError):
            raise
    finally:
        stream.seek(0)


def _first(stream: IO[bytes]) -> tuple[int, str, str, int]:
    """Return where the first directory is, how numbers are stored, and the size of a tag."""
    stream.seek(0)
    order = _ORDERS.get(stream.read(2), "")
    kind = _number(stream, f"{order or '<'}H")
    if order and kind == _CLASSIC:
        return _number(stream, f"{order}I"), f"{order}H", f"{order}I", 12
    if order and kind == _BIG:
        stream.seek(8)
        return _number(stream, f"{order}Q"), f"{order}Q", f"{order}Q", 20
    raise ValueError("no TIFF")


def _number(stream: IO[bytes], kind: str) -> int:
    (number,) = struct.unpack(kind, stream.read(struct.calcsize(kind)))
    return int(number)
