"""The codes of LZW in a TIFF, looked at before they are decoded.

The decoder of imagecodecs reads beyond its memory where damaged codes stand for nothing, and ends
the whole program; up to 2026.3, without an issue of its own.

Source: TIFF 6.0, section 13. Codes grow from 9 to 12 bits as their table does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_CLEAR, _END = 256, 257  # codes that are none of the table
_FIRST, _LAST = 258, 4096
_WIDER = (511, 1023, 2047)  # entries of the table at which a code has one more bit

_ENTRIES = _FIRST + np.maximum(np.arange(_LAST - _FIRST + 1) - 1, 0)
"""Entries of the table before each code since it was cleared."""

_WIDTHS: NDArray[np.int64] = 9 + np.searchsorted(_WIDER, _ENTRIES, side="right")
_STARTS = np.cumsum(_WIDTHS) - _WIDTHS  # in bits
_BYTES = int(_STARTS[-1] + _WIDTHS[-1]) // 8 + 4


def check_lzw(data: bytes) -> None:
    """Raise unless each code stands for something.

    Parameters
    ----------
    data : bytes
        A strip or a tile.

    Raises
    ------
    ValueError
        If one does not, or if the codes are of the kind before TIFF 5.
    """
    if len(data) > 1 and data[0] == 0 and data[1] & 1:
        raise ValueError("an LZW of the kind before TIFF 5")
    place, end = 0, 8 * len(data)
    while place < end:
        codes = _codes(data, place)
        ends = np.flatnonzero((codes == _CLEAR) | (codes == _END))
        count = int(ends[0]) if ends.size else len(codes)
        known = codes[:count]
        if np.any(known > _ENTRIES[:count]) or (count and known[0] >= _CLEAR):
            raise ValueError("a code of LZW that stands for nothing")
        if not ends.size:
            if count == len(_WIDTHS):
                raise ValueError("more codes of LZW than a table has")
            return  # the decoder tells what is missing
        if codes[count] == _END:
            return
        place += int(_STARTS[count] + _WIDTHS[count])


def _codes(data: bytes, place: int) -> NDArray[np.int64]:
    """Return the codes from a place in bits on, as many as a table can have."""
    first, shift = divmod(place, 8)
    part = data[first : first + _BYTES]
    whole = np.frombuffer(part + bytes(3), np.uint8).astype(np.int64)
    starts = _STARTS + shift
    is_there = starts + _WIDTHS <= 8 * len(part)
    starts, widths = starts[is_there], _WIDTHS[is_there]
    at = starts // 8
    bits = (whole[at] << 16) | (whole[at + 1] << 8) | whole[at + 2]
    return np.asarray((bits >> (24 - starts % 8 - widths)) & ((1 << widths) - 1))
