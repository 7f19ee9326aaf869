"""Weights times one number for each pixel of a stack: the fast step of each sharp map."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from napari_ifealid.sharpening.compiled_sums import COMPILED_SUMS
from napari_ifealid.sharpening.weights import Weights


class WeightedSums:
    """Multiplies weights with numbers, in float64: compiled where numba is there, else by SciPy.

    Parameters
    ----------
    weights : Weights
    """

    def __init__(self, weights: Weights) -> None:
        self._weights = weights

    def fill_largest(
        self,
        sums: NDArray[np.float64],
        numbers: NDArray[np.float64],
        offsets: NDArray[np.float64],
        first: tuple[int, int] = (0, 0),
        step: int = 1,
    ) -> None:
        """Fill the largest sums of some pixels of the image. May be called in several threads.

        Parameters
        ----------
        sums : array of float64, shape (h, w)
            Of each ``step``-th pixel along both axes, from the first one on.
        numbers : array of float64, shape (R, P)
            Finite: R numbers for each pixel of the stack.
        offsets : array of float64, shape (R,)
            Added to the sums of each.
        first : (int, int), optional
            The first pixel's row and column.
        step : int, optional
        """
        weights, compiled = self._weights, COMPILED_SUMS.ready
        if compiled is not None:
            entries = weights.columns, weights.values
            compiled.weighted(*entries, numbers, offsets, sums, *first, step)
            return
        width = weights.image_shape[1]
        across = slice(first[1], first[1] + sums.shape[1] * step, step)
        together = len(sums) if step == 1 else 1  # rows that lie one after the other
        for y in range(0, len(sums), together):
            start = (first[0] + y * step) * width
            of_each = self._rows(start, start + together * width) @ numbers.T + offsets
            rows = of_each.max(axis=1).reshape(together, width)
            sums[y : y + together] = rows[:, across]

    def _rows(self, first: int, stop: int) -> csr_array:
        """Return some rows of the matrix. Not a copy."""
        matrix, taps = self._matrix, self._weights.taps
        entries = slice(first * taps, stop * taps)
        starts = matrix.indptr[: stop - first + 1]
        part = matrix.data[entries], matrix.indices[entries], starts
        return csr_array(part, shape=(stop - first, matrix.shape[1]))

    @cached_property
    def _matrix(self) -> csr_array:
        return self._weights.rows(slice(None))
