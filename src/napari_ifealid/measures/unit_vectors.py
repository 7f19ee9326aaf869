"""Vectors at unit length, in float64: what measures of the angle are defined with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures.beside_largest import beside_largest

SAME = 1e-12
"""Unit vectors that are no further apart differ by rounding only."""

SAME_SQUARED = np.float32(1e-11)
"""The same for squared distances in float32."""


def unit_vectors(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """Scale vectors to unit length.

    Parameters
    ----------
    vectors : array, shape (..., C)

    Returns
    -------
    array of float64, shape (..., C)
        Zero stays zero; anything that is not finite becomes NaN.
    """
    scaled = beside_largest(vectors)
    length = np.sqrt(np.einsum("...c,...c->...", scaled, scaled))[..., np.newaxis]
    unit: NDArray[np.float64] = scaled / np.where(length == 0, 1.0, length)
    return unit


def compared_by_chord(
    vectors: NDArray[Any], reference: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the chords between unit vectors, and where exactly one of the two is zero.

    The chord keeps the digits near 0 that the dot product loses near 1 (Kahan 2006, "How Futile
    are Mindless Assessments of Roundoff in Floating-Point Computation?", section 12).

    Parameters
    ----------
    vectors : array, shape (..., C)
    reference : array, shape (C,)

    Returns
    -------
    chords : array of float64, shape (...)
        From 0 to 2. Exactly 0 where the vectors differ by rounding only; NaN where either is not
        finite.
    one_is_zero : array of bool, shape (...)
    """
    units, unit_reference = unit_vectors(vectors), unit_vectors(reference)
    chords = np.linalg.norm(units - unit_reference, axis=-1)
    chords = np.where(chords < SAME, 0.0, chords)
    one_is_zero = units.any(axis=-1) != unit_reference.any()
    return chords, one_is_zero & np.isfinite(chords)


def cosines(vectors: NDArray[Any], reference: NDArray[Any]) -> NDArray[np.float64]:
    """Return the cosines of the angles between vectors and a reference, from their chords.

    Parameters
    ----------
    vectors : array, shape (..., C)
    reference : array, shape (C,)

    Returns
    -------
    array of float64, shape (...)
        1 - ‖a - b‖² / 2 of the unit vectors; 1 between two zero vectors, 0 between a zero vector
        and another one; NaN where either is not finite.
    """
    chords, one_is_zero = compared_by_chord(vectors, reference)
    return np.where(one_is_zero, 0.0, np.maximum(1.0 - chords**2 / 2.0, -1.0))


def cosines_of_squared_chords(squared: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the same from squared chords in float32."""
    squared = np.where(squared < SAME_SQUARED, np.float32(0.0), squared)
    values: NDArray[np.float32] = np.float32(1.0) - squared * np.float32(0.5)
    return np.maximum(values, np.float32(-1.0))


def cosine_contributions(vector: NDArray[Any], reference: NDArray[Any]) -> NDArray[np.float64]:
    r"""Return how much each feature contributes to the cosine of the angle between two vectors.

    .. math:: a_i b_i / (\|a\| \|b\|)

    Parameters
    ----------
    vector, reference : array, shape (C,)

    Returns
    -------
    array of float64, shape (C,)
        The summands of the cosine.
    """
    return unit_vectors(vector) * unit_vectors(reference)
