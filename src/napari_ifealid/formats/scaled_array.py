"""A stored array whose features each have a gain and an offset of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.formats.features_last import StoredArray
from napari_ifealid.formats.real_type import real_type


@dataclass(frozen=True, eq=False)
class ScaledArray:
    """The real values of a stored array: gain · stored + offset, as floats.

    Parameters
    ----------
    array : StoredArray
    axis : int
        Along which its features lie, 0 or greater.
    gains, offsets : array of float64, shape (C,)
    nodata : float, optional
        The stored value that becomes NaN.
    """

    array: StoredArray
    axis: int
    gains: NDArray[np.float64]
    offsets: NDArray[np.float64]
    nodata: float | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of its axes."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of its values: float32, or float64 where the stored ones need it."""
        return real_type(self.array.dtype)

    def __getitem__(self, index: tuple[Any, ...]) -> NDArray[Any]:
        """Read a part: a slice or an int for each axis."""
        stored = np.asarray(self.array[index])
        after = sum(isinstance(part, slice) for part in index[self.axis + 1 :])
        features = index[self.axis]
        along = (-1, *(1,) * after) if isinstance(features, slice) else ()
        with np.errstate(over="ignore", invalid="ignore"):  # infinities
            real = stored * self.gains[features].reshape(along) + self.offsets[features].reshape(
                along
            )
            result = np.asarray(real).astype(self.dtype)
        if self.nodata is not None:
            result[stored == self.nodata] = np.nan
        return result
