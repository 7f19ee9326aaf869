"""Maps of measures that are functions of the product of unit vectors, on the CPU."""

from __future__ import annotations

from functools import partial
from math import inf, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.cores import on_all_cores
from napari_ifealid.engines.pixel_vectors import IN_CACHE, WORTH_A_THREAD, PixelVectors
from napari_ifealid.engines.prepared_query import PreparedQuery
from napari_ifealid.engines.products import Products, exact_products

_NEAR = np.float32(0.9998)  # cosines above it lose digits in the arc cosine
_LARGEST_ERROR = 4e-5  # of a cosine, and of an angle in right angles

_pixels_may_be_not_finite = partial(np.errstate, invalid="ignore", over="ignore")


def unit_values(pixels: PixelVectors, query: PreparedQuery, rows: slice) -> NDArray[np.float32]:
    """Return the values of a query for some pixels.

    Parameters
    ----------
    pixels : PixelVectors
    query : PreparedQuery
    rows : slice

    Returns
    -------
    array of float32, shape (N,)
        NaN where a pixel is not finite, or everywhere if no reference is finite.
    """
    values = np.empty(rows.stop - rows.start, np.float32)
    if query.is_void:
        values[:] = np.nan
        return values
    if len(query.units):
        comparison = _Comparison(pixels, query, rows, values)
        least = max(1, WORTH_A_THREAD // pixels.feature_count)
        on_all_cores(comparison.fill, len(values), least=least)
    else:
        values[:] = 0.0
        query.kernel.from_cosines(values)
    if query.has_zero:
        values[pixels.is_zero[rows]] = query.measure.limits[1]
    values[pixels.is_invalid[rows]] = np.nan
    return values


class _Comparison:
    """Fills the values of a query that has references with a direction."""

    def __init__(
        self, pixels: PixelVectors, query: PreparedQuery, rows: slice, values: NDArray[np.float32]
    ) -> None:
        self._pixels = pixels
        self._query = query
        self._rows = rows
        self._values = values
        self._vectors = query.units * pixels.scale
        self._offsets = np.zeros(len(query.units), np.float32)
        self._quick = pixels.largest_products(self._vectors, self._offsets)
        self._accurate_up_to = accurate_up_to(self._quick.error)
        if self._quick.uses_all_cores:
            with _pixels_may_be_not_finite():
                self._quick.multiply(rows.start, values)

    def fill(self, part: slice) -> None:
        """Fill a part of the values; called in several threads."""
        products, from_cosines = self._quick, self._query.kernel.from_cosines
        with _pixels_may_be_not_finite():  # anew in each thread
            for start in range(part.start, part.stop, IN_CACHE):
                first = self._rows.start + start
                cosines = self._values[start : min(start + IN_CACHE, part.stop)]
                if not products.uses_all_cores:
                    products.multiply(first, cosines)
                cosines *= self._pixels.inverse_lengths[first : first + len(cosines)]
                near = np.flatnonzero(cosines > self._accurate_up_to)
                if products.error:
                    cosines[near] = self._measured_again(near + first)
                    if 2 * len(near) > len(cosines):
                        products = self._exact()  # the pixels of this stack are too much alike
                if self._query.has_zero:
                    np.maximum(cosines, 0.0, out=cosines)
                near = near[cosines[near] > _NEAR]
                from_cosines(cosines)
                self._measure_near(first, near, cosines)

    def _exact(self) -> Products:
        return self._pixels.exact_products(self._vectors, self._offsets)

    def _measured_again(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the cosines of some pixels with all digits that float32 has."""
        cosines = np.empty(len(rows), np.float32)
        pixels = self._pixels
        vectors = pixels.expanded(self._vectors)  # of integers, which need no conversion
        again = exact_products(pixels.stored[rows], vectors, self._offsets)
        again.multiply(0, cosines)
        cosines *= pixels.inverse_lengths[rows]
        return cosines

    def _measure_near(
        self, first: int, near: NDArray[np.intp], values: NDArray[np.float32]
    ) -> None:
        """Correct the values of pixels so near to a reference that their cosines lost digits."""
        step = max(1, next(self._pixels.blocks()).stop // len(self._query.units))
        for start in range(0, len(near), step):
            part = near[start : start + step]
            squared = self._squared_chords(part + first)
            values[part] = self._query.kernel.from_squared_chords(squared)

    def _squared_chords(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the smallest squared chord of some pixels to the references.

        It keeps the digits that the cosine of small angles loses.
        """
        pixels = self._pixels
        lengths = pixels.inverse_lengths[rows] * pixels.scale
        units = pixels.as_float32(rows) * lengths[:, np.newaxis]
        chords = units[:, np.newaxis] - self._query.units
        squared: NDArray[np.float32] = np.einsum("prc,prc->pr", chords, chords).min(axis=1)
        return squared


def accurate_up_to(error: float) -> np.float32:
    """Return up to which cosine an error of it makes no value worse than it may be.

    Parameters
    ----------
    error : float
        Beyond the rounding of float32.
    """
    sine = error / (_LARGEST_ERROR * pi / 2.0)  # an angle changes by that of its cosine / sine
    return min(_NEAR, np.float32(sqrt(1.0 - sine**2) if error < _LARGEST_ERROR else -inf))
