"""The format netCDF: version 4, which is HDF5, and the classic one."""

from __future__ import annotations

from napari_ifealid.formats.format import Format
from napari_ifealid.formats.hdf5 import hdf5_array_names, read_hdf5
from napari_ifealid.formats.location import Location, first_bytes
from napari_ifealid.formats.netcdf_classic import classic_array_names, read_classic_netcdf
from napari_ifealid.formats.netcdf_header import CLASSIC_STARTS
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track


def _is_classic(location: Location) -> bool:
    return first_bytes(location).startswith(CLASSIC_STARTS)


def _array_names(location: Location) -> dict[str, bool]:
    names = classic_array_names if _is_classic(location) else hdf5_array_names
    return names(location)


def _read(
    location: Location, *, array: str | None, feature_axis: int | None, track: Track
) -> list[FeatureStack]:
    read = read_classic_netcdf if _is_classic(location) else read_hdf5
    return read(location, array=array, feature_axis=feature_axis, track=track)


NETCDF = Format(
    name="netCDF file",
    suffixes=(".nc", ".nc4"),
    claims=lambda _: True,
    looks_like_stack=lambda location: any(_array_names(location).values()),
    read=_read,
    array_names=_array_names,
)
"""Each variable with three or more dimensions, wherever in the file."""
