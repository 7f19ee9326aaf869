"""The warning for metadata that are wrong, where the values can be read without them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from napari_ifealid.errors import DatasetError, ShownPlainly
from napari_ifealid.formats.location import Location
from napari_ifealid.thread_warnings import warn

T = TypeVar("T")


class MetadataWarning(ShownPlainly, UserWarning):
    """A file was opened without a part of its metadata, which is wrong."""


def unless_wrong(read: Callable[[], T], otherwise: T, file: Location | None = None) -> T:
    """Return what a part of the metadata tells; something else, with a warning, if it is wrong.

    Parameters
    ----------
    read : callable
        `read()` returns what is told, or raises a DatasetError.
    otherwise : same type
        What counts then.
    file : path or URL, optional
        Named in the warning. Unless given, it is the one that the error names.

    Warns
    -----
    MetadataWarning
    """
    try:
        return read()
    except DatasetError as error:
        reason = error if file is None else error.inside(file)
        warn(MetadataWarning(f"Opened without wrong metadata: {reason}"), stacklevel=2)
        return otherwise
