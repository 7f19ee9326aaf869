"""Similarity measures, defined in NumPy: the reference for every engine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def spectral_angle_similarity(
    vectors: NDArray[Any], reference: NDArray[Any]
) -> NDArray[np.float64]:
    r"""Return the similarity of vectors to a reference by the angle between them.

    .. math:: s = 1 - \frac{\arccos(\cos\theta)}{\pi / 2}, \quad
              \cos\theta = \frac{a \cdot b}{\|a\| \|b\|}

    clipped to [0, 1]: 1 for the same direction, 0 for a right angle and beyond.

    Parameters
    ----------
    vectors : array, shape (..., C)
        Real numbers of any type.
    reference : array, shape (C,)
        The vector that all others are compared with.

    Returns
    -------
    array of float64, shape (...)
        Exactly 1 where the vector has the reference's direction. A zero vector has similarity 1
        to another zero vector and 0 to everything else. NaN where either vector holds a NaN or
        an infinity.

    Notes
    -----
    The spectral angle is that of Kruse et al. 1993, doi 10.1016/0034-4257(93)90013-N; its use as
    a similarity that of Zurowietz & Nattkemper 2020, doi 10.3389/frai.2020.00049. The angle θ
    comes from the chord between the unit vectors, :math:`\|a - b\| = 2 \sin(\theta / 2)`, since
    the arc cosine loses half its digits near 1 (Kahan 2006, "How Futile are Mindless Assessments
    of Roundoff in Floating-Point Computation?", section 12).
    """
    units, unit_reference = _unit(vectors), _unit(reference)
    chord = np.linalg.norm(units - unit_reference, axis=-1)
    angle = 2.0 * np.arcsin(np.minimum(chord / 2.0, 1.0))
    similarity = np.clip(1.0 - angle / (np.pi / 2.0), 0.0, 1.0)
    similarity = np.where(chord < 1e-12, 1.0, similarity)
    one_is_zero = units.any(axis=-1) != unit_reference.any()
    return np.where(one_is_zero & np.isfinite(chord), 0.0, similarity)


def feature_contributions(vector: NDArray[Any], reference: NDArray[Any]) -> NDArray[np.float64]:
    r"""Return how much each feature contributes to the similarity of two vectors.

    .. math:: a_i b_i / (\|a\| \|b\|)

    Parameters
    ----------
    vector, reference : array, shape (C,)

    Returns
    -------
    array of float64, shape (C,)
        The summands of the cosine of the angle between the vectors.
    """
    return _unit(vector) * _unit(reference)


def _unit(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """Scale to unit length; zero stays zero, anything that is not finite becomes NaN."""
    vectors = np.asarray(vectors, np.float64)
    peak = np.abs(vectors).max(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):  # inf / inf
        scaled = vectors / np.where(peak == 0, 1.0, peak)  # squares of it can't overflow
    length = np.linalg.norm(scaled, axis=-1, keepdims=True)
    unit: NDArray[np.float64] = scaled / np.where(length == 0, 1.0, length)
    return unit
