"""Stored arrays some of whose pixels have no values, as a mask beside them tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.formats.features_last import StoredArray
from napari_ifealid.formats.real_type import real_type


@dataclass(frozen=True, eq=False)
class MaskedPixels:
    """A stored array as floats, NaN where its mask is 0.

    Parameters
    ----------
    array : StoredArray
    mask : StoredArray
        Of two axes.
    axes : (int, int)
        Those of the array that the axes of the mask are, rising.
    """

    array: StoredArray
    mask: StoredArray
    axes: tuple[int, int]

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of its axes."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of its values: float32, or float64 where the stored ones need it."""
        return real_type(self.array.dtype)

    def __getitem__(self, index: tuple[Any, ...]) -> NDArray[Any]:
        """Read a part: a slice of step 1 or an int for each axis."""
        values = np.asarray(self.array[index]).astype(self.dtype)
        is_missing = self.mask[tuple(index[axis] for axis in self.axes)] == 0
        along = tuple(
            slice(None) if axis in self.axes else np.newaxis
            for axis, part in enumerate(index)
            if isinstance(part, slice)
        )
        values[np.broadcast_to(is_missing[along], values.shape)] = np.nan
        return values
