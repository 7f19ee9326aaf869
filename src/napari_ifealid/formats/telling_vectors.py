"""Which arrays of a file may tell of features: short vectors, the most telling first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol

import numpy as np

from napari_ifealid.formats.described_array import last_name
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
    """Return the names of the arrays with a single axis that may tell of features.

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
        if len(array.shape) == 1
        and array.shape[0] in lengths
        and array.shape[0] <= _LONGEST
        and array.dtype.kind in _KINDS
    ]
    return sorted(names, key=lambda name: last_name(name) not in TELLING_NAMES)[:MOST_VECTORS]
