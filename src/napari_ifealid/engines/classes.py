"""Which reference of a query each pixel is most similar to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NO_CLASS = -1
"""Number of a pixel that has no value: it is not finite, or no reference is."""


@dataclass(frozen=True, eq=False)
class Classes:
    """The most similar reference of each pixel.

    Parameters
    ----------
    numbers : array of int16
        Its number in the query, from 0; the first of several that are equally similar; `NO_CLASS`
        where there is none.
    values : array of float32, same shape
        The similarity to it.
    """

    numbers: NDArray[np.int16]
    values: NDArray[np.float32]

    @classmethod
    def empty(cls, shape: tuple[int, ...]) -> Classes:
        """Return classes of pixels that have none."""
        return cls(np.full(shape, NO_CLASS, np.int16), np.full(shape, np.nan, np.float32))

    def reshaped(self, shape: tuple[int, ...]) -> Classes:
        """Return the same of another shape."""
        return Classes(self.numbers.reshape(shape), self.values.reshape(shape))
