"""The Pearson correlation of two vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures.background import Background
from napari_ifealid.measures.deviations import deviations
from napari_ifealid.measures.kernels import Linear, PixelTerms, Points, ReferenceTerms
from napari_ifealid.measures.measure import Measure
from napari_ifealid.measures.unit_vectors import (
    cosine_contributions,
    cosines,
    cosines_of_squared_chords,
    unit_vectors,
)


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
    return cosines(deviations(vectors), deviations(reference))


def correlation_contributions(vector: NDArray[Any], reference: NDArray[Any]) -> NDArray[np.float64]:
    """Return the summands of the correlation, array of shape (C,)."""
    return cosine_contributions(deviations(vector), deviations(reference))


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
            cosines_of_squared_chords,
            "pearson_correlation.glsl",
        ),
    ),
)
