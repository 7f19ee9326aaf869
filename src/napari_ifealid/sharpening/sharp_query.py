"""A query as sharp maps multiply it, and what becomes of the forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.linear_query import LinearQuery
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.measures import Background, Linear, UnitLength
from napari_ifealid.measures.unit_vectors import unit_vectors
from napari_ifealid.query import Query
from napari_ifealid.sharpening.sharp_terms import FormTerms
from napari_ifealid.sharpening.stack_products import stack_products

_FLOAT64 = 2.0**-53

ValuesOf = Callable[[NDArray[np.float64], FormTerms], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class SharpQuery:
    """What is multiplied with weights, and what is done to the sums.

    Parameters
    ----------
    products : array of float64, shape (R, P)
        Of all vectors of the stack with each reference that is not zero to the measure.
    offsets : array of float64, shape (R,)
        What is added to the sums of each.
    values_of : callable
        `values_of(forms, terms)`: the values, float32, of the largest forms of some pixels.
    has_zero : bool
        Whether a reference is zero to the measure. It has 0 to all pixels but zero ones.
    """

    products: NDArray[np.float64]
    offsets: NDArray[np.float64]
    values_of: ValuesOf
    has_zero: bool

    @classmethod
    def of(
        cls,
        pixels: PixelVectors,
        query: Query,
        kernel: UnitLength | Linear,
        background: Background | None,
    ) -> SharpQuery:
        """Prepare a query without negative signs. References that are not finite count for nothing.

        Parameters
        ----------
        pixels : PixelVectors
            Of the stack, of the features that are compared.
        query : Query
        kernel : UnitLength or Linear
            That of its measure.
        background : Background, optional
            In engine units.
        """
        if isinstance(kernel, UnitLength):
            return cls._of_unit_length(pixels, query, kernel)
        return cls._of_linear(pixels, LinearQuery.of(query, kernel, background, pixels.unit))

    @property
    def is_void(self) -> bool:
        """Whether there is nothing to compare with: no pixel has a value."""
        return not self.has_zero and len(self.products) == 0

    @classmethod
    def _of_unit_length(cls, pixels: PixelVectors, query: Query, kernel: UnitLength) -> SharpQuery:
        vectors = query.used_vectors
        is_finite, has_direction = np.isfinite(vectors).all(axis=1), vectors.any(axis=1)
        units = unit_vectors(vectors[is_finite & has_direction])
        has_zero = bool((is_finite & ~has_direction).any())

        def values_of(cosines: NDArray[np.float64], _: FormTerms) -> NDArray[np.float32]:
            if has_zero:
                cosines = np.maximum(cosines, 0.0)
            squared_chords = np.maximum(2.0 - 2.0 * cosines, 0.0).astype(np.float32)
            return kernel.from_squared_chords(squared_chords)

        products = stack_products(pixels, units)
        return cls(products, np.zeros(len(units)), values_of, has_zero)

    @classmethod
    def _of_linear(cls, pixels: PixelVectors, query: LinearQuery) -> SharpQuery:
        kernel, identical = query.kernel, query.kernel.identical
        reach = float(np.linalg.norm(query.vectors, axis=1).max(initial=0.0))
        farthest = float(np.abs(query.offsets).max(initial=0.0))
        root = sqrt(pixels.feature_count)
        rounding = 8.0 * (4.0 + root) * _FLOAT64 * reach
        # stored values that are shifted are as long as the shift at least
        shifted = abs(pixels.shift) * root

        def values_of(forms: NDArray[np.float64], terms: FormTerms) -> NDArray[np.float32]:
            if query.has_zero and not kernel.is_even:
                forms = np.maximum(forms, 0.0)
            multiplied = rounding * (terms.lengths + shifted)
            errors = np.abs(terms.factor) * (multiplied + 4 * _FLOAT64 * farthest)
            errors += 4 * _FLOAT64 * np.abs(terms.shift)
            compared = np.abs(forms) if kernel.is_even else forms
            is_identical = np.abs(compared - identical) <= errors
            if identical == 0.0:  # the smallest
                is_identical |= compared <= 0.0
            values = kernel.from_forms(forms)
            values[is_identical] = query.measure.limits[1]
            with np.errstate(over="ignore"):  # beyond the largest float32
                return values.astype(np.float32)

        products = stack_products(pixels, query.vectors)
        return cls(products, query.offsets, values_of, query.has_zero)
