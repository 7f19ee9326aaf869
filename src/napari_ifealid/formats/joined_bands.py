"""Stored arrays joined along the axis of their bands, in an order of their own."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.formats.features_last import StoredArray


@dataclass(frozen=True, eq=False)
class JoinedBands:
    """Stored arrays as one, without their values.

    Parameters
    ----------
    arrays : tuple of StoredArray
        Of the same shape but for the bands.
    axis : int
        That of the bands, 0 or greater.
    order : tuple of int
        Of the bands of all arrays, one after the other, those that this one has.
    """

    arrays: tuple[StoredArray, ...]
    axis: int
    order: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of its axes."""
        lengths = list(self.arrays[0].shape)
        lengths[self.axis] = len(self.order)
        return tuple(lengths)

    @property
    def ndim(self) -> int:
        """Number of its axes."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of its values: one that holds those of all arrays."""
        return np.result_type(*(array.dtype for array in self.arrays))

    def __getitem__(self, index: tuple[Any, ...]) -> NDArray[Any]:
        """Read a part: the index has a slice of step 1 or an int for each axis."""
        part = index[self.axis]
        is_single = isinstance(part, Integral)
        bands = np.array([self.order[part]] if is_single else self.order[part], int)
        others = [chosen for axis, chosen in enumerate(index) if axis != self.axis]
        place = sum(not isinstance(chosen, Integral) for chosen in index[: self.axis])
        lengths = [
            len(range(*chosen.indices(length)))
            for chosen, length in zip(index, self.shape, strict=True)
            if not isinstance(chosen, Integral)
        ]
        if is_single:
            lengths.insert(place, 1)
        values = np.empty(lengths, self.dtype)
        by_band = np.moveaxis(values, place, 0)
        start = 0
        for array in self.arrays:
            count = array.shape[self.axis]
            is_here = (start <= bands) & (bands < start + count)
            own = bands[is_here] - start
            start += count
            if own.size:
                first, last = int(own.min()), int(own.max())
                whole = [*others[: self.axis], slice(first, last + 1), *others[self.axis :]]
                read = np.moveaxis(array[tuple(whole)], place, 0)
                by_band[is_here] = read[own - first]
        return by_band[0] if is_single else values
