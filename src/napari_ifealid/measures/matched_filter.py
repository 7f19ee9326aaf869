"""The matched filter: the share of a target in each pixel, seen from the mean of the stack."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures.background import Background
from napari_ifealid.measures.measure import Measure, Needs
from napari_ifealid.measures.projections import Projection, projection_kernel
from napari_ifealid.measures.unit_vectors import cosine_contributions


def matched_filter(
    vectors: NDArray[Any], reference: NDArray[Any], background: Background
) -> NDArray[np.float64]:
    r"""Return the output of the matched filter of a reference.

    .. math:: \frac{(b - \mu)^T \Sigma^{-1} (a - \mu)}{(b - \mu)^T \Sigma^{-1} (b - \mu)}

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
        Exactly 1 where the vector is the reference, 0 at the mean; not bounded. If the reference is
        the mean: 1 there, 0 elsewhere. NaN where either vector holds a NaN or an infinity.

    Notes
    -----
    Manolakis, Marden & Shaw 2003, "Hyperspectral image processing for automatic target detection
    applications", Lincoln Laboratory Journal 14 (1).
    """
    return _projection(background).values(vectors, reference)


def _projection(background: Background) -> Projection:
    return Projection(background, background.whitening, background.mean)


MATCHED_FILTER = Measure(
    name="matched filter",
    summary="The share of the reference in each pixel, seen from the mean of the stack and beside "
    "its variation; may lie beyond 0 and 1.",
    limits=(0.0, 1.0),
    definition=matched_filter,
    contributions=cosine_contributions,
    kernel=projection_kernel(_projection),
    needs=Needs.COVARIANCE,
    is_bounded=False,
)
