"""The similarity by the spectral angle."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures.kernels import UnitLength
from napari_ifealid.measures.measure import Measure
from napari_ifealid.measures.scale import ANGLE_SCALES
from napari_ifealid.measures.unit_vectors import (
    SAME_SQUARED,
    compared_by_chord,
    cosine_contributions,
)

_FARTHEST = 0.55  # (chord / 2)², a little beyond a right angle
# fitted to (arcsin(√z) / √z - 1) / z at Chebyshev's nodes from 0 to 0.55
_ARCSINE = np.array(
    [0.16666687, 0.07496495, 0.04560704, 0.02062719, 0.06783723, -0.08459128, 0.10980461],
    np.float32,
)


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
    comes from the chord between the unit vectors, :math:`\|a - b\| = 2 \sin(\theta / 2)`.
    """
    chords, one_is_zero = compared_by_chord(vectors, reference)
    angles = 2.0 * np.arcsin(np.minimum(chords / 2.0, 1.0))
    similarity = np.clip(1.0 - angles / (np.pi / 2.0), 0.0, 1.0)
    return np.where(one_is_zero, 0.0, similarity)


def _from_cosines(cosines: NDArray[np.float32]) -> None:
    np.clip(cosines, 0.0, 1.0, out=cosines)
    np.arccos(cosines, out=cosines)
    cosines *= np.float32(-2.0 / np.pi)
    cosines += np.float32(1.0)


def _from_squared_chords(squared: NDArray[np.float32]) -> NDArray[np.float32]:
    # arcsin(√z) = √z (1 + z P(z)) within 3e-7 up to z = 0.55: four times as fast as NumPy's own
    quarters = np.minimum(squared, np.float32(4.0 * _FARTHEST))
    quarters *= quarters >= SAME_SQUARED
    quarters *= np.float32(0.25)
    angles = quarters * _ARCSINE[-1]
    for coefficient in _ARCSINE[-2::-1]:
        angles += coefficient
        angles *= quarters
    angles += np.float32(1.0)
    angles *= np.sqrt(quarters, out=quarters)
    angles *= np.float32(-4.0 / np.pi)
    angles += np.float32(1.0)
    similarity: NDArray[np.float32] = np.maximum(angles, np.float32(0.0), out=angles)
    return similarity


SPECTRAL_ANGLE = Measure(
    name="spectral angle",
    summary="Angle between the vectors: 1 for the same direction, 0 from a right angle on; their "
    "lengths do not count.",
    limits=(0.0, 1.0),
    definition=spectral_angle_similarity,
    contributions=cosine_contributions,
    kernel=UnitLength(_from_cosines, _from_squared_chords, "spectral_angle.glsl"),
    scales=ANGLE_SCALES,
)
