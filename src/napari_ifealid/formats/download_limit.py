"""How large a download may be."""

from __future__ import annotations

import os
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from shutil import disk_usage

from napari_ifealid.cache_folder import CACHE_VARIABLE
from napari_ifealid.errors import DatasetError
from napari_ifealid.sizes import size_text

ROOM_LEFT = 2**28
"""Bytes of the disk that no download takes."""

LARGEST_VARIABLE = "NAPARI_IFEALID_LARGEST_DOWNLOAD"
"""Environment variable with the gigabytes that a file may have."""

LARGEST = 20
"""Gigabytes that a file may have, unless LARGEST_VARIABLE tells another number."""


@dataclass(frozen=True)
class DownloadLimit:
    """The largest file that may be kept.

    Parameters
    ----------
    free : int
        Bytes that the disk has room for.
    largest : int
        Bytes that a file may have at most, however much room there is.
    """

    free: int
    largest: int

    @classmethod
    def of(cls, folder: Path) -> DownloadLimit:
        """Return the limit for files in a folder.

        Raises
        ------
        DatasetError
            If LARGEST_VARIABLE is set to something that is no number above zero.
        """
        return cls(disk_usage(folder).free - ROOM_LEFT, _largest())

    def check(self, size: int, url: str) -> None:
        """Raise if a file is too large.

        Parameters
        ----------
        size : int
            Bytes, as the server tells them or as they have arrived.
        url : str
            Of the file, for the error.

        Raises
        ------
        DatasetError
        """
        found = f"a download of {size_text(size)} or more"
        if size > self.largest:
            raise DatasetError(
                found,
                expected=f"at most {size_text(self.largest)}, which keeps a server from filling "
                "the disk",
                remedy=f"If you trust it, allow more gigabytes in the variable {LARGEST_VARIABLE}, "
                "or download the file yourself.",
                file=url,
            )
        if size > self.free:
            raise DatasetError(
                found,
                expected=f"at most the {size_text(max(self.free, 0))} that the disk has room for",
                remedy="Make room, or name a folder on another disk in the variable "
                f"{CACHE_VARIABLE}.",
                file=url,
            )


def _largest() -> int:
    text = os.environ.get(LARGEST_VARIABLE, "").strip() or str(LARGEST)
    try:
        gigabytes = float(text)
    except ValueError:
        gigabytes = 0.0
    if not (gigabytes > 0 and isfinite(gigabytes)):
        raise DatasetError(
            f"the variable {LARGEST_VARIABLE} with the value {text!r}",
            expected="a number of gigabytes, such as 50",
            remedy="Correct it, or unset it.",
        )
    return int(gigabytes * 10**9)
