"""Maps of measures that are functions of a linear form of the pixel, on the CPU."""

from __future__ import annotations

from functools import partial
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.cores import on_all_cores
from napari_ifealid.engines.linear_query import LinearQuery
from napari_ifealid.engines.pixel_vectors import IN_CACHE, WORTH_A_THREAD, PixelVectors
from napari_ifealid.engines.products import Products
from napari_ifealid.measures.kernels import PixelTerms

_TOLERANCE = 4e-5  # of a value, and of its share beyond 1
_TOO_MANY = 0.125  # of doubtful values: another way to multiply is quicker
_FLOAT32, _FLOAT64 = 2.0**-24, 2.0**-53

_pixels_may_be_not_finite = partial(np.errstate, invalid="ignore", over="ignore")


def linear_values(
    pixels: PixelVectors, terms: PixelTerms, query: LinearQuery, rows: slice
) -> NDArray[np.float32]:
    """Return the values of a query for some pixels.

    They are multiplied in float32; where that may be off by more than a value may be, and near the
    references, again in float64.

    Parameters
    ----------
    pixels : PixelVectors
    terms : PixelTerms
        Those of all the pixels.
    query : LinearQuery
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
    if len(query.vectors):
        comparison = _Comparison(pixels, terms, query, rows, values)
        least = max(1, WORTH_A_THREAD // pixels.feature_count)
        on_all_cores(comparison.fill, len(values), least=least)
    else:
        values[:] = 0.0
    if query.has_zero:
        values[terms.is_zero[rows]] = query.measure.limits[1]
    values[pixels.is_invalid[rows]] = np.nan
    return values


class _Comparison:
    """Fills the values of a query that has references which are not zero."""

    def __init__(
        self,
        pixels: PixelVectors,
        terms: PixelTerms,
        query: LinearQuery,
        rows: slice,
        values: NDArray[np.float32],
    ) -> None:
        self._pixels = pixels
        self._terms = terms
        self._query = query
        self._kernel = query.kernel
        self._rows = rows
        self._values = values
        self._reach = float(np.sqrt(np.einsum("rc,rc->r", query.vectors, query.vectors)).max())
        self._farthest = float(np.abs(query.offsets).max())
        with np.errstate(over="ignore"):  # what float32 can't hold is multiplied in float64
            self._vectors = query.vectors.astype(np.float32) * pixels.scale
            self._offsets = query.offsets.astype(np.float32)
        self._quick = pixels.largest_products(self._vectors, self._offsets)
        if self._quick.uses_all_cores:
            with _pixels_may_be_not_finite():
                self._quick.multiply(rows.start, values)

    def fill(self, part: slice) -> None:
        """Fill a part of the values; called in several threads."""
        ways = [self._quick]
        if self._quick.error:
            ways.append(self._exact())
        with _pixels_may_be_not_finite():  # anew in each thread
            for start in range(part.start, part.stop, IN_CACHE):
                values = self._values[start : min(start + IN_CACHE, part.stop)]
                first = self._rows.start + start
                doubtful = self._fill_by(ways[0], first, values)
                if len(ways) > 1 and len(doubtful) > _TOO_MANY * len(values):
                    ways = ways[1:]
                    doubtful = self._fill_by(ways[0], first, values)
                self._fill_exactly(first, doubtful, values)

    def _exact(self) -> Products:
        return self._pixels.exact_products(self._vectors, self._offsets)

    def _fill_by(
        self, products: Products, first: int, values: NDArray[np.float32]
    ) -> NDArray[np.intp]:
        """Fill values by products in float32; return the numbers of those that may be wrong."""
        if not products.uses_all_cores:
            products.multiply(first, values)
        rows = slice(first, first + len(values))
        terms = self._terms.of_rows(rows)
        forms = values * terms.factor + terms.shift
        rounding = (2.0 + sqrt(self._pixels.feature_count)) * _FLOAT32 + products.error
        errors = self._errors(rows, terms, rounding, _FLOAT32)
        exact = self._from_forms(forms)
        values[:] = exact
        change = self._from_forms(forms + errors) - self._from_forms(forms - errors)
        known = np.abs(change) <= 2.0 * _TOLERANCE * np.maximum(1.0, np.abs(exact))
        known &= ~self._is_identical(forms, errors + 1e-7)
        return np.flatnonzero(~(known | self._pixels.is_invalid[rows]))

    def _errors(
        self, rows: slice | NDArray[np.intp], terms: PixelTerms, rounding: float, least: float
    ) -> NDArray[np.float64]:
        """Return what forms may be off by.

        Parameters
        ----------
        rounding : float
            Of a product, in products of the lengths of both vectors.
        least : float
            Of a single number.
        """
        inverse = self._pixels.inverse_lengths[rows].astype(np.float64)
        lengths = 1.0 / np.where(inverse > 0.0, inverse, np.inf)
        products: NDArray[np.float64] = rounding * self._reach * lengths + least * self._farthest
        return np.abs(terms.factor) * products

    def _is_identical(
        self, forms: NDArray[np.float64], errors: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        forms = np.abs(forms) if self._kernel.is_even else forms
        identical: NDArray[np.bool_] = np.abs(forms - self._kernel.identical) <= errors
        if self._kernel.identical == 0.0:  # the smallest
            identical |= forms <= 0.0
        return identical

    def _from_forms(self, forms: NDArray[np.float64]) -> NDArray[np.float64]:
        if self._query.has_zero and not self._kernel.is_even:
            forms = np.maximum(forms, 0.0)
        return self._kernel.from_forms(forms)

    def _fill_exactly(
        self, first: int, numbers: NDArray[np.intp], values: NDArray[np.float32]
    ) -> None:
        """Fill some of the values by products in float64."""
        step = next(self._pixels.blocks()).stop
        rounding = 8.0 * (4.0 + sqrt(self._pixels.feature_count)) * _FLOAT64
        for start in range(0, len(numbers), step):
            part = numbers[start : start + step]
            rows = part + first
            block = self._pixels.in_engine_units(rows)
            products = (block @ self._query.vectors.T + self._query.offsets).max(axis=1)
            terms = self._terms.of_rows(rows)
            forms = products * terms.factor + terms.shift
            errors = self._errors(rows, terms, rounding, 4.0 * _FLOAT64)
            errors += 4.0 * _FLOAT64 * np.abs(terms.shift)
            exact = self._from_forms(forms)
            exact[self._is_identical(forms, errors)] = self._query.measure.limits[1]
            with np.errstate(over="ignore"):
                values[part] = exact
