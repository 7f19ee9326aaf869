"""JPEG images: how much work it is to decode them."""

from __future__ import annotations

import re

from napari_ifealid.errors import DatasetError

JPEG_START = b"\xff\xd8"
MOST_SCANS = 200
"""Of a JPEG image; those that programs write have some ten.

Each goes over all pixels, however few bytes it has.
"""

_MARKER = re.compile(
    rb"\xff+([^\x00\x01\xd0-\xd8\xff])"
)  # of those that have a length, and the end
_START_OF_SCAN, _END = 0xDA, 0xD9


def check_scans(content: bytes) -> None:
    """Raise if a JPEG image has so many scans that it takes minutes to decode.

    Parameters
    ----------
    content : bytes
        Of a file of any kind; only those of JPEG are looked at.

    Raises
    ------
    DatasetError
    """
    if not content.startswith(JPEG_START):
        return
    count = _scan_count(content)
    if count > MOST_SCANS:
        raise DatasetError(
            f"a JPEG image of more than {MOST_SCANS} scans",
            expected="some ten, as programs write them",
            remedy="Save the image again, or check where it comes from.",
        )


def _scan_count(content: bytes) -> int:
    """Return how many scans there are up to the end of the image, or one too many."""
    count, place = 0, len(JPEG_START)
    while count <= MOST_SCANS:
        found = _MARKER.search(content, place)
        if found is None:
            break
        (marker,), place = found[1], found.end()
        if marker == _END:
            break
        count += marker == _START_OF_SCAN
        place += int.from_bytes(content[place : place + 2], "big")
    return count
