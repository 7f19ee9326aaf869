"""All formats. Readers, commands, help texts and the manifest's tests follow this list."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.format import Format
from napari_ifealid.formats.hdf5 import HDF5
from napari_ifealid.formats.ifealid import IFEALID
from napari_ifealid.formats.location import Location, is_url, no_such_file, suffix_of
from napari_ifealid.formats.matlab import MATLAB
from napari_ifealid.formats.netcdf import NETCDF
from napari_ifealid.formats.npy import NPY
from napari_ifealid.formats.npz import NPZ
from napari_ifealid.formats.zarr_arrays import ZARR

FORMATS: tuple[Format, ...] = (IFEALID, NPY, NPZ, ZARR, MATLAB, HDF5, NETCDF)
"""Where several take the same ending, a look inside decides."""


def all_suffixes() -> list[str]:
    """Return the endings that feature stacks have, as in ".zip"."""
    return list(dict.fromkeys(suffix for kind in FORMATS for suffix in kind.suffixes))


def written_suffixes() -> list[str]:
    """Return the endings of the files that are written, as in ".zip"."""
    return [kind.suffixes[0] for kind in FORMATS if kind.write is not None]


def suffixes_in_words(suffixes: Sequence[str] | None = None) -> str:
    """Return endings for a help text, all of them unless given: ".zip, .npy, .npz or .zarr"."""
    *first, last = all_suffixes() if suffixes is None else suffixes
    return f"{', '.join(first)} or {last}"


def formats_named(location: Location) -> list[Format]:
    """Return the formats that take a location's ending."""
    return [kind for kind in FORMATS if suffix_of(location) in kind.suffixes]


def format_of(location: Location) -> Format:
    """Return the format of what is at a location.

    Raises
    ------
    DatasetError
        If there is none of such a name, or not from URLs, or the file can't be opened.
    """
    named = formats_named(location)
    if not named and not is_url(location) and not Path(location).exists():
        raise no_such_file(location)
    if not named:
        raise DatasetError(
            f"a file of the kind {suffix_of(location)!r}",
            expected=f"a feature stack: {suffixes_in_words()}",
            remedy="Choose another file, or convert this one with numpy.save.",
            file=location,
        )
    if is_url(location) and not any(kind.takes_urls for kind in named):
        raise DatasetError(
            f"a URL of a {suffix_of(location)} file",
            expected="a file on this computer; only Zarr is read from URLs",
            remedy="Download the file first.",
            file=location,
        )
    return next((kind for kind in named if len(named) == 1 or kind.claims(location)), named[0])
