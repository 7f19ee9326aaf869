"""Whether there is memory enough for what a file asks for."""

from __future__ import annotations

import psutil

from napari_ifealid.errors import DatasetError
from napari_ifealid.sizes import size_text

SHARE_OF_MEMORY = 0.5
"""Of the free memory that a stack may take; the rest is for its map, its preview and napari."""


def fits_memory(needed: int) -> bool:
    """Return whether a stack of so many bytes is held in memory, else it stays where it is."""
    return bool(needed <= SHARE_OF_MEMORY * psutil.virtual_memory().available)


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
            f"a need for {size_text(needed)} of memory",
            expected=f"at most the {size_text(available)} that are free",
            remedy="Close other programs, or make the data smaller: fewer pixels or features.",
        )


def out_of_memory(what: str) -> DatasetError:
    """Return the error for a part of a file that its decoder finds no memory for.

    Parameters
    ----------
    what : str
        Such as "an image".
    """
    return DatasetError(
        f"{what} that needs more memory than there is for it",
        expected="one that fits into memory",
        remedy="Close other programs, or make the data smaller.",
    )
