"""The cosine of the angle between two vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures.kernels import UnitLength
from napari_ifealid.measures.measure import Measure
from napari_ifealid.measures.scale import COSINE_SCALES
from napari_ifealid.measures.unit_vectors import (
    cosine_contributions,
    cosines,
    cosines_of_squared_chords,
)


def cosine_similarity(vectors: NDArray[Any], reference: NDArray[Any]) -> NDArray[np.float64]:
    r"""Return the cosine of the angle between vectors and a reference.

    .. math:: \cos\theta = \frac{a \cdot b}{\|a\| \|b\|}

    Parameters
    ----------
    vectors : array, shape (..., C)
        Real numbers of any type.
    reference : array, shape (C,)
        The vector that all others are compared with.

    Returns
    -------
    array of float64, shape (...)
        From -1 to 1; exactly 1 where the vector has the reference's direction. A zero vector has 1
        to another zero vector and 0 to everything else. NaN where either vector holds a NaN or an
        infinity.

    Notes
    -----
    The cosine measure of the vector space model, Salton, Wong & Yang 1975, doi
    10.1145/361219.361220; computed as 1 - ‖a - b‖² / 2 of the unit vectors.
    """
    return cosines(vectors, reference)


def _from_cosines(cosines: NDArray[np.float32]) -> None:
    np.clip(cosines, -1.0, 1.0, out=cosines)


COSINE = Measure(
    name="cosine",
    summary="Cosine of the angle between the vectors, from −1 to 1; their lengths do not count.",
    limits=(-1.0, 1.0),
    definition=cosine_similarity,
    contributions=cosine_contributions,
    kernel=UnitLength(_from_cosines, cosines_of_squared_chords, "cosine.glsl"),
    scales=COSINE_SCALES,
)
