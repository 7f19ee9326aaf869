"""The spectral information divergence of two vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures.beside_largest import beside_largest
from napari_ifealid.measures.kernels import Divergence
from napari_ifealid.measures.measure import Measure
from napari_ifealid.measures.scale import DIVERGENCE_SCALES

LEAST_SHARE = float(np.spacing(1.0))
"""Added to each share, so that it has a logarithm."""


def divergence_similarity(vectors: NDArray[Any], reference: NDArray[Any]) -> NDArray[np.float64]:
    r"""Return the similarity of vectors to a reference by their information divergence.

    .. math:: \frac{1}{1 + \mathrm{SID}}, \quad
              \mathrm{SID} = \sum_i (p_i - q_i) (\ln p_i - \ln q_i)

    of the shares p and q that the features have in the sum of each vector.

    Parameters
    ----------
    vectors : array, shape (..., C)
        Real numbers of any type. Negative ones count as 0.
    reference : array, shape (C,)
        The vector that all others are compared with.

    Returns
    -------
    array of float64, shape (...)
        From 0 to 1; exactly 1 where the vector is the reference. A vector without a positive value
        has 1 to another one and 0 to everything else. NaN where either vector holds a NaN or an
        infinity.

    Notes
    -----
    Chang 2000, doi 10.1109/18.857802. The spacing of floats at 1, 2.2e-16, is added to each share.
    """
    p, q = shares(vectors), shares(reference)
    with np.errstate(invalid="ignore"):
        divergences = ((p - q) * (np.log(p + LEAST_SHARE) - np.log(q + LEAST_SHARE))).sum(axis=-1)
    one_is_zero = p.any(axis=-1) != q.any()
    values = np.where(one_is_zero, 0.0, 1.0 / (1.0 + divergences))
    return np.where(np.isfinite(divergences), values, np.nan)


def shares(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """Return the share of each feature in the sum of its vector's positive values.

    Parameters
    ----------
    vectors : array, shape (..., C)

    Returns
    -------
    array of float64, shape (..., C)
        They add up to 1; zero for a vector without a positive value, NaN for one that is not
        finite.
    """
    vectors = np.asarray(vectors, np.float64)
    is_known = np.isfinite(vectors).all(axis=-1, keepdims=True)
    scaled = beside_largest(np.where(is_known, np.maximum(vectors, 0.0), np.nan))
    total = scaled.sum(axis=-1, keepdims=True)
    known: NDArray[np.float64] = scaled / np.where(total == 0, 1.0, total)
    return known


def divergence_contributions(vector: NDArray[Any], reference: NDArray[Any]) -> NDArray[np.float64]:
    """Return how much each feature brings two vectors together, array of shape (C,).

    It is minus the summand of the divergence: 0 for features of equal shares.
    """
    p, q = shares(vector), shares(reference)
    less: NDArray[np.float64] = (q - p) * (np.log(p + LEAST_SHARE) - np.log(q + LEAST_SHARE))
    return less


def _from_divergences(divergences: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.float32(1.0) / (np.float32(1.0) + np.maximum(divergences, np.float32(0.0)))


INFORMATION_DIVERGENCE = Measure(
    name="information divergence",
    summary="1 / (1 + SID) of the spectral information divergence: how differently the sum of a "
    "vector is shared among the features; negative values count as 0.",
    limits=(0.0, 1.0),
    definition=divergence_similarity,
    contributions=divergence_contributions,
    kernel=Divergence(_from_divergences),
    scales=DIVERGENCE_SCALES,
)
