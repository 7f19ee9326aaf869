"""Files of classic netCDF, version 3, which are read into memory."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats.cf_values import PACKING_KEYS, packing_of, unpacked
from napari_ifealid.formats.described_array import DescribedArray
from napari_ifealid.formats.features_last import stack_values
from napari_ifealid.formats.format import no_stacks
from napari_ifealid.formats.hdf5_contents import ListedArray
from napari_ifealid.formats.location import Location, cannot_open, first_bytes, name_of
from napari_ifealid.formats.proposed_axis import proposed_axis
from napari_ifealid.formats.spectral_axis import feature_axis_of
from napari_ifealid.memory import fits_memory
from napari_ifealid.sizes import size_text
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, untracked

CLASSIC_START = b"CDF"
"""What files of classic netCDF start with."""

_KEYS = (*PACKING_KEYS, "units", "standard_name")
_KNOWN_STARTS = (b"CDF\x01", b"CDF\x02")
_CONVERT = "Convert the file first, with: nccopy -k nc4 OLD.nc NEW.nc"
_STACK_THEM = "Stack the features along a dimension, or choose another variable or file."


def read_classic_netcdf(
    location: Location,
    *,
    array: str | None = None,
    feature_axis: int | None = None,
    track: Track = untracked,
) -> list[FeatureStack]:
    """Read each feature stack in a file of classic netCDF, or one of them, see `read_hdf5`.

    Raises
    ------
    DatasetError
        If the file is damaged, if none of its variables is a feature stack, or if one takes more
        than half of the free memory.
    """
    with _opened(location) as file:
        arrays = {name: _described(file, name) for name in file.variables}
        names = [n for n, one in arrays.items() if array in (None, n) and _listed(one).is_stack]
        if not names:
            listed = {name: str(_listed(one)) for name, one in arrays.items()}
            raise no_stacks(location, listed, array, _STACK_THEM)
        vectors = [one for one in arrays.values() if len(one.shape) == 1]
        stacks = []
        for name in names:
            called = name_of(location) if len(names) == 1 else f"{name_of(location)}: {name}"
            try:
                stacks.append(_stack(file, arrays[name], vectors, called, feature_axis, track))
            except DatasetError as error:
                raise error.inside(location, name) from error.__cause__
        return stacks


def classic_array_names(location: Location) -> dict[str, bool]:
    """Return the names of all variables, and whether each is a feature stack."""
    with _opened(location) as file:
        return {name: _listed(_described(file, name)).is_stack for name in file.variables}


@contextmanager
def _opened(location: Location) -> Iterator[Any]:
    from scipy.io import netcdf_file

    if not first_bytes(location).startswith(_KNOWN_STARTS):
        raise DatasetError(
            f"a netCDF file of version {first_bytes(location)[3:4]!r}",
            expected="classic netCDF of version 1 or 2, or netCDF-4",
            remedy=_CONVERT,
            file=location,
        )
    try:
        with warnings.catch_warnings():
            # the views of the file that are left when it is closed are not used any more
            warnings.filterwarnings("ignore", "Cannot close a netcdf_file", RuntimeWarning)
            with netcdf_file(Path(location), "r", mmap=True) as file:
                yield file
    except DatasetError:
        raise
    except OSError as error:
        raise cannot_open(location, error) from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        raise DatasetError(
            f"a truncated or damaged netCDF file ({short_reason(error)})",
            expected="a complete netCDF file",
            remedy="Download or copy it again.",
            file=location,
        ) from error


def _described(file: Any, name: str) -> DescribedArray:
    variable = file.variables[name]
    attributes = {key: _text(getattr(variable, key)) for key in _KEYS if hasattr(variable, key)}
    return DescribedArray(
        name=name,
        shape=tuple(map(int, variable.shape)),
        dtype=variable.data.dtype,
        attributes=attributes,
        axis_names=tuple(f"/{dimension}" for dimension in variable.dimensions),
        read=lambda: _values(file, name),
    )


def _text(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _listed(array: DescribedArray) -> ListedArray:
    return ListedArray(array.shape, array.dtype)


def _values(file: Any, name: str) -> NDArray[Any]:
    """Return a copy of the values: the file is mapped into memory only while it is open."""
    values = file.variables[name].data
    if values.dtype.kind == "S":
        return np.array([one.decode(errors="replace") for one in values.flat])
    return np.array(values, values.dtype.newbyteorder("="))


def _stack(
    file: Any,
    array: DescribedArray,
    vectors: list[DescribedArray],
    called: str,
    asked: int | None,
    track: Track,
) -> FeatureStack:
    features = feature_axis_of(array, vectors, asked=asked, proposed=proposed_axis(array.shape))
    stored = file.variables[array.name].data
    if not fits_memory(2 * stored.nbytes):
        raise DatasetError(
            f"a variable of {size_text(stored.nbytes)} in a classic netCDF file",
            expected="one that takes little of the free memory, or netCDF-4",
            remedy=_CONVERT,
        )
    values, storage = unpacked(array.read(), packing_of(array.attributes, stored.dtype))
    return FeatureStack(
        values=stack_values(values, features.axis, name=called, track=track),
        name=called,
        **features.known,
        **storage,
    )
