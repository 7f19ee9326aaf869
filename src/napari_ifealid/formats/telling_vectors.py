"""Which arrays of a file may tell of features: short vectors, the most telling first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import prod
from typing import Any, Protocol

import numpy as np

from napari_ifealid.formats.described_array import is_vector, last_name
from napari_ifealid.formats.spectral_axis import TELLING_NAMES

MOST_VECTORS = 200
"""Vectors of a file that are looked at."""

_LONGEST = 1 << 16
_KINDS = "iufOSUT"  # numbers and texts


class SizedArray(Protocol):
    """An array whose values are not looked at."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of its axes."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of its values."""


def vector_names(arrays: Mapping[str, SizedArray], lengths: Collection[int]) -> list[str]:
    """Return the names of the vectors that may tell of features.

    MATLAB writes vectors with two axes, one of them of length 1. Such ones count if their names
    tell of features.

    Parameters
    ----------
    arrays : mapping of str to SizedArray
    lengths : collection of int
        How many features there may be.

    Returns
    -------
    list of str
        The first `MOST_VECTORS`, those with names that tell of features before others.
    """
    names = [
        name
        for name, array in arrays.items()
        if is_vector(array.shape)
        and (len(array.shape) == 1 or _is_telling(name))
        and prod(array.shape) in lengths
        and prod(array.shape) <= _LONGEST
        and array.dtype.kind in _KINDS
    ]
    return sorted(names, key=lambda name: not _is_telling(name))[:MOST_VECTORS]


def _is_telling(name: str) -> bool:
    return last_name(name) in TELLING_NAMES
