"""Scenes of PRISMA, the hyperspectral satellite: VNIR and SWIR as one stack.

How the products are laid out: PRISMA Products Specification Document, issue 2.3, 2020, ASI.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.bands import Bands
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.cf_values import Packing, Unpacked
from napari_ifealid.formats.features_last import StoredArray
from napari_ifealid.formats.format import no_such_axis
from napari_ifealid.formats.hdf5_contents import ListedArray
from napari_ifealid.formats.hdf5_file import Hdf5Array, Hdf5File
from napari_ifealid.formats.joined_bands import JoinedBands
from napari_ifealid.formats.stored_stack import StoredStack
from napari_ifealid.wavelength_units import wavelength_labels

_CUBE = re.compile(r"(HDFEOS/SWATHS/PRS_[^/]+)/Data Fields/(VNIR|SWIR)_Cube")
_BAND_AXIS = 1  # of line, band, sample
_TOP = 65535.0  # what stands for the largest reflectance


@dataclass(frozen=True)
class _Half:
    """The cube of one of the two spectrometers, with its list of bands."""

    cube: StoredArray
    packing: Packing
    wavelengths: NDArray[np.float64]
    widths: NDArray[np.float64]
    is_good: NDArray[np.bool_]


def prisma_swaths(listed: Mapping[str, ListedArray]) -> dict[str, dict[str, str]]:
    """Return the scenes of PRISMA in a file: the path of each, and of its cubes.

    Parameters
    ----------
    listed : mapping of str to ListedArray

    Returns
    -------
    dict
        Such as ``{"HDFEOS/SWATHS/PRS_L2D_HCO": {"VNIR": path, "SWIR": path}}``. Empty for a file
        of another kind.
    """
    found: dict[str, dict[str, str]] = {}
    for name, array in listed.items():
        match = _CUBE.fullmatch(name)
        if match and array.ndim == 3 and array.is_stack:
            found.setdefault(match[1], {})[match[2]] = name
    return {swath: cubes for swath, cubes in found.items() if len(cubes) == 2}


def prisma_stack(
    file: Any, cubes: Mapping[str, str], source: Hdf5File, feature_axis: int | None
) -> StoredStack:
    """Return a scene as one stack, its bands in the order of their wavelengths.

    Bands without a wavelength hold no measurement and are left out; others that PRISMA flags are
    no good bands.

    Parameters
    ----------
    file : h5py.File
    cubes : mapping of str to str
        Paths of the cubes "VNIR" and "SWIR".
    source : Hdf5File
    feature_axis : int or None
        The axis of the features that the user asks for.

    Raises
    ------
    DatasetError
        If the cubes and the lists of bands do not fit together, or if another axis is asked for.
    """
    shapes = {part: file[path].shape for part, path in cubes.items()}
    if feature_axis not in (None, _BAND_AXIS, _BAND_AXIS - 3):
        raise no_such_axis(int(feature_axis or 0), shapes["VNIR"])
    if shapes["VNIR"][::2] != shapes["SWIR"][::2]:
        raise DatasetError(
            f"cubes of shape {shapes['VNIR']} and {shapes['SWIR']}",
            expected="two cubes of axes line, band, sample with the same pixels",
            remedy="Download the file again.",
        )
    halves = [_half(file, part, cubes[part], source) for part in ("VNIR", "SWIR")]
    wavelengths = np.concatenate([half.wavelengths for half in halves])
    order = [int(n) for n in np.argsort(wavelengths, kind="stable") if wavelengths[n] > 0.0]
    if not order:
        raise DatasetError(
            "no band with a wavelength",
            expected="wavelengths in the attributes List_Cw_Vnir and List_Cw_Swir",
            remedy="Download the file again.",
        )
    arrays, storage = _unpacked(halves)
    joined = JoinedBands(tuple(arrays), _BAND_AXIS, tuple(order))
    lines, _, samples = file[cubes["VNIR"]].chunks or (1, 1, joined.shape[2])
    known = {
        "feature_labels": wavelength_labels(wavelengths[order].tolist(), "nm"),
        "bands": Bands(
            widths=_chosen((half.widths for half in halves), order),
            is_good=_chosen((half.is_good for half in halves), order),
        ),
    }
    chunks = (lines, joined.shape[_BAND_AXIS], samples)
    return StoredStack(joined, _BAND_AXIS, chunks, {**known, **storage})


def _half(file: Any, part: str, path: str, source: Hdf5File) -> _Half:
    dataset = file[path]
    count, called = dataset.shape[_BAND_AXIS], part.title()
    wavelengths = _list(file, f"List_Cw_{called}", count)
    if wavelengths is None:
        raise DatasetError(
            f"no attribute List_Cw_{called} of {count} wavelengths",
            expected="a wavelength for each band of the cube",
            remedy="Download the file again.",
        )
    widths = _list(file, f"List_Fwhm_{called}", count)
    flags = _list(file, f"List_Cw_{called}_Flags", count)
    return _Half(
        cube=Hdf5Array(source, path, dataset.shape, dataset.dtype),
        packing=_packing(file, called),
        wavelengths=wavelengths,
        widths=np.zeros(count) if widths is None else widths,
        is_good=np.ones(count, bool) if flags is None else flags != 0,
    )


def _list(file: Any, key: str, count: int) -> NDArray[np.float64] | None:
    """Return an attribute with a number for each band, as float64; None if it is no such."""
    try:
        values = np.asarray(file.attrs[key])
    except KeyError:
        return None
    if values.shape != (count,) or values.dtype.kind not in "biuf":
        return None
    return np.array([float(str(value)) for value in values])  # the fewest digits of a float32


def _packing(file: Any, part: str) -> Packing:
    """Return how values are packed: as reflectance, of level 2, or as radiance, of level 1."""
    low, high = _number(file, f"L2Scale{part}Min"), _number(file, f"L2Scale{part}Max")
    if low is not None and high is not None and high > low:
        return Packing(gain=(high - low) / _TOP, offset=low)
    factor, offset = _number(file, f"ScaleFactor_{part}"), _number(file, f"Offset_{part}")
    if factor is not None and factor > 0.0:
        return Packing(gain=1.0 / factor, offset=-(offset or 0.0))
    return Packing()


def _number(file: Any, key: str) -> float | None:
    value = np.asarray(file.attrs.get(key, np.nan))
    is_number = value.size == 1 and value.dtype.kind in "iuf" and np.isfinite(value).all()
    return float(value.ravel()[0]) if is_number else None


def _unpacked(halves: list[_Half]) -> tuple[list[StoredArray], dict[str, Any]]:
    """Return the cubes, stored alike: with one gain, or as real values."""
    packings = {half.packing for half in halves}
    if len(packings) == 1 and halves[0].packing.is_simple:
        return [half.cube for half in halves], {"gain": halves[0].packing.gain}
    return [Unpacked(half.cube, half.packing) for half in halves], {}


def _chosen(lists: Iterable[NDArray[Any]], order: list[int]) -> tuple[Any, ...]:
    return tuple(np.concatenate(list(lists))[order].tolist())
