"""An array of a file with what the file tells of it, before its values are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

UNIT_KEYS = ("units", "Units", "unit", "Unit")
"""Attributes that have the unit of an array."""

_UNITS_IN_NAMES = ("nm", "um")
_STORED_TEXTS = "SOT"


@dataclass(frozen=True, eq=False)
class DescribedArray:
    """An array of a file with what the file tells of it.

    Parameters
    ----------
    name : str
        Its path in the file, with slashes between the parts.
    shape : tuple of int
    dtype : numpy dtype
    attributes : mapping of str to anything
        What netCDF and HDF5 call attributes; texts are str.
    axis_names : tuple of str
        Of each axis, "" for one without; empty where none is known. One that starts with a slash
        is a dimension of the file, which other arrays share.
    read : callable
        `read()` returns the values, of a short one.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    read: Callable[[], NDArray[Any]]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    axis_names: tuple[str, ...] = ()

    @property
    def short_name(self) -> str:
        """The last part of its path, in lower case."""
        return last_name(self.name)

    @property
    def unit(self) -> str:
        """Unit of its values, as the file or else its name has it; empty if unknown."""
        found = (self.attributes.get(key) for key in UNIT_KEYS)
        of_name = self.short_name.rpartition("_")[2]
        in_name = of_name if of_name in _UNITS_IN_NAMES else ""
        return next((text for text in found if isinstance(text, str)), in_name)


def is_vector(shape: Sequence[int]) -> bool:
    """Return whether an array lies along one axis, though others may be of length 1.

    Parameters
    ----------
    shape : sequence of int
    """
    return len(shape) == 1 or sum(length != 1 for length in shape) == 1


def as_vector(array: DescribedArray) -> DescribedArray:
    """Return an array without its axes of length 1, such as vectors of MATLAB have.

    Parameters
    ----------
    array : DescribedArray
        For which `is_vector` is true.
    """
    if len(array.shape) == 1:
        return array
    axis = next(axis for axis, length in enumerate(array.shape) if length != 1)
    return replace(
        array,
        shape=(array.shape[axis],),
        axis_names=array.axis_names[axis : axis + 1],
        read=lambda: np.ravel(array.read()),
    )


def as_texts(values: NDArray[Any]) -> NDArray[Any]:
    """Return values with texts as NumPy has them, instead of bytes and objects.

    Parameters
    ----------
    values : array
        Of numbers, which stay as they are, or of texts.
    """
    if values.dtype.kind not in _STORED_TEXTS:
        return values
    texts = [one.decode(errors="replace") if isinstance(one, bytes) else one for one in values.flat]
    return np.array([str(text) for text in texts], str).reshape(values.shape)


def last_name(path: str) -> str:
    """Return the last part of a path in a file, in lower case.

    Parameters
    ----------
    path : str
    """
    return path.rpartition("/")[2].strip().lower()
