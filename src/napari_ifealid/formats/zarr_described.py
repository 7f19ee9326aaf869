"""What a Zarr tells of an array, by the conventions of netCDF that xarray writes it with."""

from __future__ import annotations

import binascii
import struct
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.described_array import DescribedArray, as_texts

if TYPE_CHECKING:
    import zarr

_DIMENSIONS_KEY = "_ARRAY_DIMENSIONS"  # of version 2, which knows no names of dimensions
_MISSING_KEY = "_FillValue"


def described_zarr(name: str, array: zarr.Array[Any]) -> DescribedArray:
    """Return an array of a Zarr with what its metadata tell of it.

    Parameters
    ----------
    name : str
        Of the array in its group.
    array : zarr.Array

    Returns
    -------
    DescribedArray
        Of the attributes, `_FillValue` is a number also where xarray stores it in another way.
    """
    attributes = dict(array.attrs)
    missing = _missing_value(array, attributes)
    return DescribedArray(
        name=name,
        shape=array.shape,
        dtype=array.dtype,
        attributes=attributes if missing is None else attributes | {_MISSING_KEY: missing},
        axis_names=_axis_names(array, attributes),
        read=lambda: _values(name, array),
    )


def _axis_names(array: zarr.Array[Any], attributes: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of the dimensions, which the arrays of a group share; "" for none."""
    if array.metadata.zarr_format == 3:
        names: Any = array.metadata.dimension_names
    else:
        names = attributes.get(_DIMENSIONS_KEY)
    if not isinstance(names, list | tuple) or len(names) != array.ndim:
        return ()
    return tuple("" if name is None else f"/{name}" for name in names)


def _missing_value(array: zarr.Array[Any], attributes: dict[str, Any]) -> Any:
    """Return the value that stands for none, as xarray has it, which fills unwritten chunks too."""
    stored = attributes.get(_MISSING_KEY)
    if stored is None and array.metadata.zarr_format == 2 and _DIMENSIONS_KEY in attributes:
        return array.metadata.fill_value
    if isinstance(stored, str) and array.dtype.kind == "f":
        return _decoded(stored)
    return stored


def _decoded(text: str) -> str | float:
    """Return the float64 whose bytes a text has in base64; other texts as they are."""
    try:
        (number,) = struct.unpack("<d", b64decode(text, validate=True))
    except (binascii.Error, ValueError, struct.error):
        return text
    return float(number)


def _values(name: str, array: zarr.Array[Any]) -> NDArray[Any]:
    try:
        return as_texts(np.asarray(array[...]))
    except Exception as error:  # each codec and store fails in its own way
        raise DatasetError(
            f"values that can't be read ({short_reason(error)})",
            expected="an undamaged array, which tells of the features",
            remedy="Copy the folder again, or remove this array.",
            member=name,
        ) from error
