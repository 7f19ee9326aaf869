"""All formats. Readers, commands, help texts and the manifest's tests follow this list."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.envi import ENVI
from napari_ifealid.formats.format import Format
from napari_ifealid.formats.hdf5 import HDF5
from napari_ifealid.formats.ifealid import IFEALID
from napari_ifealid.formats.location import Location, check_is_there, is_url, suffix_of
from napari_ifealid.formats.matlab import MATLAB
from napari_ifealid.formats.netcdf import NETCDF
from napari_ifealid.formats.npy import NPY
from napari_ifealid.formats.npz import NPZ
from napari_ifealid.formats.safetensors_files import SAFETENSORS
from napari_ifealid.formats.tiff import TIFF
from napari_ifealid.formats.torch_files import TORCH
from napari_ifealid.formats.zarr_arrays import ZARR

FORMATS: tuple[Format, ...] = (
    IFEALID,
    NPY,
    NPZ,
    ZARR,
    ENVI,
    TIFF,
    MATLAB,
    HDF5,
    NETCDF,
    SAFETENSORS,
    TORCH,
)
"""Where several take the same ending, a look inside decides."""


def all_suffixes() -> list[str]:
    """Return the endings that feature stacks have, as in ".zip"."""
    return list(dict.fromkeys(suffix for kind in FORMATS for suffix in kind.suffixes))


def suffixes_in_words(suffixes: Sequence[str] | None = None) -> str:
    """Return endings for a help text, all of them unless given: ".zip, .npy, .npz or .zarr"."""
    *first, last = all_suffixes() if suffixes is None else suffixes
    return f"{', '.join(first)} or {last}"


def written_suffixes() -> list[str]:
    """Return the endings that feature stacks are written with."""
    return [kind.suffixes[0] for kind in FORMATS if kind.write is not None]


def formats_named(location: Location) -> list[Format]:
    """Return the formats that take a location's ending, else those that recognise it."""
    suffix = suffix_of(location)
    named = [kind for kind in FORMATS if suffix in kind.suffixes]
    if named or is_url(location):
        return named
    return [kind for kind in FORMATS if kind.recognises(Path(location))]


def format_of(location: Location) -> Format:
    """Return the format of what is at a location.

    Raises
    ------
    DatasetError
        If there is none of such a name, or if the file is missing or can't be opened.
    """
    named = formats_named(location)
    if not is_url(location) and not any(kind.is_folder for kind in named):
        check_is_there(location)
    if not named:
        raise DatasetError(
            f"a file of the kind {suffix_of(location)!r}",
            expected=f"a feature stack: {suffixes_in_words()}",
            remedy="Choose another file, or convert this one with numpy.save.",
            file=location,
        )
    return next((kind for kind in named if len(named) == 1 or kind.claims(location)), named[0])
