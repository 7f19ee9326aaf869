"""Stored arrays of bands that are not quite the values of a stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.formats.features_last import StoredArray
from napari_ifealid.formats.real_type import real_type


@dataclass(frozen=True, eq=False)
class ScaledBands:
    """Real values of a stored array: scale · stored + offset of each band, NaN where there is none.

    Parameters
    ----------
    array : StoredArray
    axis : int
        Of the bands, 0 or greater.
    scales, offsets : sequence of float, length C
    nodata : float, optional
        The stored value that stands for none.
    """

    array: StoredArray
    axis: int
    scales: Sequence[float]
    offsets: Sequence[float]
    nodata: float | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of its axes."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32, or float64 where it does not hold all stored values."""
        return real_type(self.array.dtype)

    def __getitem__(self, index: tuple[Any, ...]) -> NDArray[Any]:
        """Read a part: a slice of step 1 or an int for each axis."""
        stored = np.asarray(self.array[index])
        kept = sum(isinstance(part, slice) for part in index[: self.axis])
        length = [1] * stored.ndim
        scale, offset = (np.asarray(each, float)[index[self.axis]] for each in self._factors)
        if isinstance(index[self.axis], slice):
            length[kept] = -1
            scale, offset = scale.reshape(length), offset.reshape(length)
        with np.errstate(over="ignore"):  # beyond the largest float32
            real: NDArray[Any] = np.asarray(stored * scale + offset, self.dtype)
        if self.nodata is not None:
            real[stored == self.nodata] = np.nan
        return real

    @property
    def _factors(self) -> tuple[Sequence[float], Sequence[float]]:
        return self.scales, self.offsets


@dataclass(frozen=True, eq=False)
class OneBand:
    """An image as an array with an axis more, of its only band.

    Parameters
    ----------
    image : StoredArray
    """

    image: StoredArray

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of its axes."""
        return (*self.image.shape, 1)

    @property
    def ndim(self) -> int:
        """Number of its axes."""
        return len(self.image.shape) + 1

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of its values."""
        return self.image.dtype

    def __getitem__(self, index: tuple[Any, ...]) -> NDArray[Any]:
        """Read a part: a slice of step 1 or an int for each axis."""
        *spatial, band = index
        values: NDArray[Any] = np.asarray(self.image[tuple(spatial)])[..., np.newaxis][..., band]
        return values
