"""A query as engines multiply it for measures that are linear forms of the pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.cores import on_all_cores
from napari_ifealid.engines.pixel_vectors import WORTH_A_THREAD, PixelVectors
from napari_ifealid.measures import Background, Linear, Measure
from napari_ifealid.measures.kernels import PixelTerms, Points
from napari_ifealid.query import Query


@dataclass(frozen=True, eq=False)
class LinearQuery:
    """The references of a query that are not zero to the measure, and what the others are.

    Parameters
    ----------
    measure : Measure
    kernel : Linear
        That of the measure.
    vectors : array of float64, shape (R, C)
        Of the features that are used: what pixels in engine units are multiplied with.
    offsets : array of float64, shape (R,)
        What is added to the products.
    has_zero : bool
        Whether a reference is zero to the measure. It has 0 to all pixels but zero ones.
    """

    measure: Measure
    kernel: Linear
    vectors: NDArray[np.float64]
    offsets: NDArray[np.float64]
    has_zero: bool

    @classmethod
    def of(
        cls, query: Query, kernel: Linear, background: Background | None, unit: float
    ) -> LinearQuery:
        """Prepare a query. References that are not finite count for nothing.

        Parameters
        ----------
        query : Query
        kernel : Linear
            That of its measure.
        background : Background, optional
            In engine units.
        unit : float
            Factor from real values to engine units.
        """
        vectors = query.used_vectors
        vectors = vectors[np.isfinite(vectors).all(axis=1)]
        with np.errstate(over="ignore", invalid="ignore"):
            terms = kernel.reference_terms(vectors * unit, background)
        known = ~terms.is_zero
        multiplied, offsets = terms.vectors[known], terms.offsets[known]
        if kernel.is_even and len(multiplied) > 1:
            multiplied = np.concatenate([multiplied, -multiplied])
            offsets = np.concatenate([offsets, -offsets])
        return cls(query.measure, kernel, multiplied, offsets, bool(terms.is_zero.any()))

    @property
    def is_void(self) -> bool:
        """Whether there is nothing to compare with: no pixel has a value."""
        return not self.has_zero and len(self.vectors) == 0


def pixel_terms(pixels: PixelVectors, kernel: Linear, background: Background | None) -> PixelTerms:
    """Return what of a linear form depends on the pixels, block by block on all cores.

    Parameters
    ----------
    pixels : PixelVectors
    kernel : Linear
    background : Background, optional
        In engine units.
    """
    count = pixels.pixel_count
    terms = PixelTerms(np.zeros(count), np.zeros(count), np.zeros(count, bool))

    def measure(rows: slice) -> None:
        with np.errstate(all="ignore"):  # pixels that are not finite
            for block in pixels.blocks(rows):
                part = kernel.pixel_terms(pixels.in_engine_units(block), background)
                terms.factor[block], terms.shift[block] = part.factor, part.shift
                terms.is_zero[block] = part.is_zero

    least = max(1, WORTH_A_THREAD // pixels.feature_count)
    on_all_cores(measure, count, least=least)
    return terms


def pixel_points(
    pixels: PixelVectors, points: Points, background: Background | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the factor and the shift that make points of pixels, 0 for those not finite.

    Parameters
    ----------
    pixels : PixelVectors
    points : Points
    background : Background, optional
        In engine units.
    """
    factor, shift = np.zeros(pixels.pixel_count), np.zeros(pixels.pixel_count)

    def measure(rows: slice) -> None:
        with np.errstate(all="ignore"):  # pixels that are not finite
            for block in pixels.blocks(rows):
                part = points.of_pixels(pixels.in_engine_units(block), background)
                factor[block], shift[block] = part

    least = max(1, WORTH_A_THREAD // pixels.feature_count)
    on_all_cores(measure, pixels.pixel_count, least=least)
    factor[pixels.is_invalid], shift[pixels.is_invalid] = 0.0, 0.0
    return factor, shift
