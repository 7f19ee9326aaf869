"""The Pearson correlation of two vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures.background import Background
from napari_ifealid.measures.deviations import deviations
from napari_ifealid.measures.kernels import Linear, PixelTerms, Points, ReferenceTerms
from napari_ifealid.measures.measure import Measure
from napari_ifealid.measures.unit_vectors import SAME_SQUARED, compared_by_chord, unit_vectors


def pearson_correlation(vectors: NDArray[Any], reference: NDArray[Any]) -> NDArray[np.float64]:
    r"""Return the correlation of the values of vectors with those of a reference.

    .. math:: r = \frac{(a - \bar a) \cdot (b - \bar b)}{\|a - \bar a\| \|b - \bar b\|}

    Parameters
    ----------
    vectors : array, shape (..., C)
        Real numbers of any type.
    reference : array, shape (C,)
        The vector that all others are compared with.

    Returns
    -------
    array of float64, shape (...)
        From -1 to 1; exactly 1 where the vector is the reference. A vector of equal values, such as
        zero, has 1 to another one and 0 to everything else. NaN where either vector holds a NaN or
        an infinity.

    Notes
    -----
    Pearson 1895, doi 10.1098/rspl.1895.0041; among spectra, the spectral correlation mapper of
    de Carvalho & Meneses 2000.
    """
    chords, one_is_zero = compared_by_chord(deviations(vectors), deviations(reference))
    return np.where(one_is_zero, 0.0, np.maximum(1.0 - chords**2 / 2.0, -1.0))


def correlation_contributions(vector: NDArray[Any], reference: NDArray[Any]) -> NDArray[np.float64]:
    """Return the summands of the correlation, array of shape (C,)."""
    return unit_vectors(deviations(vector)) * unit_vectors(deviations(reference))


def _pixel_terms(vectors: NDArray[np.float64], _: Background | None) -> PixelTerms:
    peaks = np.abs(vectors).max(axis=1)
    scaled = deviations(vectors)
    lengths = np.sqrt(np.einsum("pc,pc->p", scaled, scaled)) * peaks
    is_zero = lengths == 0.0
    with np.errstate(divide="ignore"):
        factor = np.where(is_zero, 0.0, 1.0 / lengths)
    return PixelTerms(factor, np.zeros(len(vectors)), is_zero)


def _reference_terms(vectors: NDArray[np.float64], _: Background | None) -> ReferenceTerms:
    # the mean of the pixel needs no subtraction: the values of this vector add up to 0
    units = unit_vectors(deviations(vectors))
    return ReferenceTerms(units, np.zeros(len(units)), (units == 0.0).all(axis=1))


def _from_forms(forms: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(forms, -1.0, 1.0)


def _points_of_pixels(
    vectors: NDArray[np.float64], _: Background | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    factor = _pixel_terms(vectors, None).factor
    return factor, -factor * vectors.mean(axis=1)


def _points_of_references(
    vectors: NDArray[np.float64], _: Background | None
) -> NDArray[np.float64]:
    return unit_vectors(deviations(vectors))


def _from_squared_distances(squared: NDArray[np.float32]) -> NDArray[np.float32]:
    squared = np.where(squared < SAME_SQUARED, np.float32(0.0), squared)
    values: NDArray[np.float32] = np.float32(1.0) - squared * np.float32(0.5)
    return np.maximum(values, np.float32(-1.0))


PEARSON = Measure(
    name="Pearson correlation",
    summary="Correlation of the values, from −1 to 1; neither the length of a vector nor its mean "
    "counts.",
    limits=(-1.0, 1.0),
    definition=pearson_correlation,
    contributions=correlation_contributions,
    kernel=Linear(
        _pixel_terms,
        _reference_terms,
        _from_forms,
        points=Points(
            _points_of_pixels,
            _points_of_references,
            _from_squared_distances,
            "pearson_correlation.glsl",
        ),
    ),
)
