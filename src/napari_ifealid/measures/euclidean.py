"""The Euclidean distance of two vectors, beside the spread of the stack."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures.background import Background
from napari_ifealid.measures.kernels import Linear, PixelTerms, Points, ReferenceTerms
from napari_ifealid.measures.measure import Measure, Needs
from napari_ifealid.measures.scale import DISTANCE_SCALES
from napari_ifealid.measures.unit_vectors import SAME, SAME_SQUARED

_NO_SPREAD = 1e-50
"""What a spread of zero counts as: then all that is not identical is infinitely far."""


def euclidean_similarity(
    vectors: NDArray[Any], reference: NDArray[Any], background: Background
) -> NDArray[np.float64]:
    r"""Return the similarity of vectors to a reference by their distance.

    .. math:: \frac{1}{1 + \|a - b\| / s}

    Parameters
    ----------
    vectors : array, shape (..., C)
        Real numbers of any type.
    reference : array, shape (C,)
        The vector that all others are compared with.
    background : Background
        Of the stack: s is its spread, the root mean square of the distances from the mean.

    Returns
    -------
    array of float64, shape (...)
        From 0 to 1; exactly 1 where the vector is the reference, 1/2 at a distance of one spread.
        NaN where either vector holds a NaN or an infinity.
    """
    with np.errstate(invalid="ignore", over="ignore"):  # infinities
        scaled = np.asarray(reference, np.float64) / background.scale
        apart = np.asarray(vectors, np.float64) / background.scale - scaled
        apart = np.where(np.isfinite(apart), apart, np.nan)
        distances = np.sqrt(np.einsum("...c,...c->...", apart, apart))
        # vectors that differ by rounding only are the same
        distances = np.where(distances <= SAME * np.sqrt(scaled @ scaled), 0.0, distances)
        return _from_forms((distances / _spread(background)) ** 2)


def distance_contributions(vector: NDArray[Any], reference: NDArray[Any]) -> NDArray[np.float64]:
    """Return how much each feature brings two vectors together, array of shape (C,).

    It is minus the squared difference: 0 for features that are equal.
    """
    apart = np.asarray(vector, np.float64) - np.asarray(reference, np.float64)
    return -(apart**2)


def _pixel_terms(vectors: NDArray[np.float64], background: Background | None) -> PixelTerms:
    assert background is not None
    scaled = (vectors - background.mean) / _spread(background)
    squares = np.einsum("pc,pc->p", scaled, scaled)
    return PixelTerms(-np.ones(len(vectors)), squares, np.zeros(len(vectors), bool))


def _reference_terms(vectors: NDArray[np.float64], background: Background | None) -> ReferenceTerms:
    # |a - b|² = |a|² - (2 a · b - |b|²), of vectors from the mean, where the digits are
    assert background is not None
    spread, mean = _spread(background), background.mean
    scaled = (vectors - mean) / spread
    multiplied = scaled * (2.0 / spread)
    offsets = -(multiplied @ mean) - np.einsum("rc,rc->r", scaled, scaled)
    return ReferenceTerms(multiplied, offsets, np.zeros(len(vectors), bool))


def _from_forms(squared: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1.0 / (1.0 + np.sqrt(np.maximum(squared, 0.0)))


def _points_of_pixels(
    vectors: NDArray[np.float64], background: Background | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    assert background is not None
    return np.full(len(vectors), 1.0 / _spread(background)), np.zeros(len(vectors))


def _points_of_references(
    vectors: NDArray[np.float64], background: Background | None
) -> NDArray[np.float64]:
    assert background is not None
    return vectors / _spread(background)


def _from_squared_distances(squared: NDArray[np.float32]) -> NDArray[np.float32]:
    squared = np.where(squared < SAME_SQUARED, np.float32(0.0), squared)
    values: NDArray[np.float32] = np.float32(1.0) / (np.float32(1.0) + np.sqrt(squared))
    return values


def _spread(background: Background) -> float:
    return max(background.spread, _NO_SPREAD)


EUCLIDEAN = Measure(
    name="Euclidean distance",
    summary="1 / (1 + d / s) of the distance d, where s is the spread of the stack: 1 for the same "
    "vector, 1/2 at one spread; lengths count.",
    limits=(0.0, 1.0),
    definition=euclidean_similarity,
    contributions=distance_contributions,
    kernel=Linear(
        _pixel_terms,
        _reference_terms,
        _from_forms,
        identical=0.0,
        points=Points(
            _points_of_pixels,
            _points_of_references,
            _from_squared_distances,
            "euclidean_distance.glsl",
        ),
    ),
    needs=Needs.SPREAD,
    scales=DISTANCE_SCALES,
)
