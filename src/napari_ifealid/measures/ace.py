"""The adaptive cosine estimator: the squared cosine among whitened vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures.background import Background
from napari_ifealid.measures.kernels import Linear, PixelTerms, ReferenceTerms
from napari_ifealid.measures.measure import Measure, Needs
from napari_ifealid.measures.unit_vectors import (
    cosine_contributions,
    cosines,
    unit_vectors,
)
from napari_ifealid.measures.whitened import whitened


def adaptive_cosine_estimator(
    vectors: NDArray[Any], reference: NDArray[Any], background: Background
) -> NDArray[np.float64]:
    r"""Return the squared cosine of the angle between whitened vectors and a whitened reference.

    .. math:: \frac{(d^T \Sigma^{-1} x)^2}{(d^T \Sigma^{-1} d)(x^T \Sigma^{-1} x)}, \quad
              d = b - \mu, \quad x = a - \mu

    Parameters
    ----------
    vectors : array, shape (..., C)
        Real numbers of any type.
    reference : array, shape (C,)
        The target that is looked for.
    background : Background
        Of the stack: its mean μ and its covariance Σ, of which the pseudo-inverse is taken.

    Returns
    -------
    array of float64, shape (...)
        From 0 to 1; exactly 1 where the vector is the reference, and where it lies on the other
        side of the mean. The mean has 1 to itself and 0 to everything else; a reference that
        differs from it only where the stack does not vary has 0 to everything. NaN where either
        vector holds a NaN or an infinity.

    Notes
    -----
    Kraut & Scharf 1999, doi 10.1109/78.782198.
    """
    scaled, scaled_reference = background.scaled(vectors), background.scaled(reference)
    target = whitened(scaled_reference, background)
    values = _from_forms(cosines(whitened(scaled, background), target))
    if not target.any():
        with np.errstate(invalid="ignore"):  # infinities
            both = _is_mean(scaled, background) & _is_mean(scaled_reference, background)
        values = np.where(np.isnan(values), np.nan, both)
    return values


def _is_mean(vectors: NDArray[np.float64], background: Background) -> NDArray[np.bool_]:
    return background.is_nothing(vectors - background.mean)


def _pixel_terms(vectors: NDArray[np.float64], background: Background | None) -> PixelTerms:
    assert background is not None
    white = whitened(vectors, background)
    lengths = np.sqrt(np.einsum("pk,pk->p", white, white))
    with np.errstate(divide="ignore"):
        factor = np.where(lengths == 0.0, 0.0, 1.0 / lengths)
    return PixelTerms(factor, np.zeros(len(vectors)), _is_mean(vectors, background))


def _reference_terms(vectors: NDArray[np.float64], background: Background | None) -> ReferenceTerms:
    assert background is not None
    units = unit_vectors(whitened(vectors, background))
    multiplied = units @ background.whitening
    offsets = -(multiplied @ background.mean)
    return ReferenceTerms(multiplied, offsets, _is_mean(vectors, background))


def _from_forms(cosines: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.minimum(cosines**2, 1.0)


ACE = Measure(
    name="ACE",
    summary="Adaptive cosine estimator: the squared cosine where the stack's own variation counts "
    "as none; finds what stands out from the rest.",
    limits=(0.0, 1.0),
    definition=adaptive_cosine_estimator,
    contributions=cosine_contributions,
    kernel=Linear(_pixel_terms, _reference_terms, _from_forms, is_even=True),
    needs=Needs.COVARIANCE,
)
