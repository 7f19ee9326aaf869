"""Whether there is memory enough for what a file asks for."""

from __future__ import annotations

import psutil

from napari_ifealid.errors import DatasetError


def check_memory(needed: int) -> None:
    """Raise unless so many bytes of memory are free.

    Raises
    ------
    DatasetError
        If they are not.
    """
    available = psutil.virtual_memory().available
    if needed > available:
        raise DatasetError(
            f"a need for {_in_megabytes(needed)} of memory",
            expected=f"at most the {_in_megabytes(available)} that are free",
            remedy="Close other programs, or make the data smaller: fewer pixels or features.",
        )


def _in_megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
