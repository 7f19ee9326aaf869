"""Constrained energy minimisation: the filter of a target that lets least of the stack through."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures.background import Background
from napari_ifealid.measures.measure import Measure, Needs
from napari_ifealid.measures.projections import Projection, projection_kernel
from napari_ifealid.measures.unit_vectors import cosine_contributions


def constrained_energy_minimisation(
    vectors: NDArray[Any], reference: NDArray[Any], background: Background
) -> NDArray[np.float64]:
    r"""Return the output of the filter that passes a reference and least of all else.

    .. math:: w \cdot a, \quad w = \frac{R^{-1} b}{b^T R^{-1} b}

    Parameters
    ----------
    vectors : array, shape (..., C)
        Real numbers of any type.
    reference : array, shape (C,)
        The target that is looked for.
    background : Background
        Of the stack: its correlation matrix R, the mean of :math:`a a^T`, of which the
        pseudo-inverse is taken.

    Returns
    -------
    array of float64, shape (...)
        Exactly 1 where the vector is the reference, about 0 for most others; not bounded. A zero
        reference has 1 to zero vectors and 0 to everything else. NaN where either vector holds a
        NaN or an infinity.

    Notes
    -----
    Harsanyi 1993, "Detection and classification of subpixel spectral signatures in hyperspectral
    image sequences", PhD thesis, University of Maryland, Baltimore County.
    """
    return _projection(background).values(vectors, reference)


def _projection(background: Background) -> Projection:
    return Projection(background, background.decorrelation, np.zeros_like(background.mean))


CEM = Measure(
    name="CEM",
    summary="Constrained energy minimisation: the share of the reference in each pixel, by the "
    "filter that lets least of the stack through; may lie beyond 0 and 1.",
    limits=(0.0, 1.0),
    definition=constrained_energy_minimisation,
    contributions=cosine_contributions,
    kernel=projection_kernel(_projection),
    needs=Needs.COVARIANCE,
    is_bounded=False,
)
