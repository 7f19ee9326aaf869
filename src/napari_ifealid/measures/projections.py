"""Values that are linear in the pixel: projections on the filter of a target, where it has 1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures.background import Background
from napari_ifealid.measures.kernels import Linear, PixelTerms, ReferenceTerms

_INVISIBLE = 1e-20
"""Squared shares along axes with variance that are smaller are none but for rounding."""


@dataclass(frozen=True, eq=False)
class Projection:
    """Projections on the filters of targets: 1 at the target, 0 at the origin.

    The filter of a target is Wᵀ W (target - origin), at the length that gives the target 1.

    Parameters
    ----------
    background : Background
    whitening : array of float64, shape (K, C)
        W.
    origin : array of float64, shape (C,)
        In units of the background's scale.
    """

    background: Background
    whitening: NDArray[np.float64]
    origin: NDArray[np.float64]

    def values(self, vectors: NDArray[Any], target: NDArray[Any]) -> NDArray[np.float64]:
        """Return the projections of vectors on the filter of a target.

        Parameters
        ----------
        vectors : array, shape (..., C)
            In the stack's own units, like the target.
        target : array, shape (C,)

        Returns
        -------
        array of float64, shape (...)
            Exactly 1 where the vector is the target. If that is the origin: 1 there, 0 elsewhere.
            0 everywhere if the target differs from the origin only where the stack does not vary.
            NaN where either vector holds a NaN or an infinity.
        """
        scaled, scaled_target = self.background.scaled(vectors), self.background.scaled(target)
        is_known = np.isfinite(scaled).all(axis=-1) & np.isfinite(scaled_target).all()
        with np.errstate(invalid="ignore", over="ignore"):  # infinities
            terms = self.reference_terms(scaled_target[np.newaxis])
            if terms.is_zero[0]:
                values = self._is_origin(scaled).astype(np.float64)
            elif not terms.vectors.any():
                values = np.zeros(scaled.shape[:-1])
            else:
                apart = scaled - scaled_target
                values = 1.0 + np.einsum("...c,c->...", apart, terms.vectors[0])
                values = np.where(self._is_origin(scaled), 0.0, values)
        return np.where(is_known, values, np.nan)

    def pixel_terms(self, vectors: NDArray[np.float64]) -> PixelTerms:
        """Return the terms of pixels, shape (N, C), in units of the background's scale."""
        count = len(vectors)
        return PixelTerms(np.ones(count), np.zeros(count), self._is_origin(vectors))

    def reference_terms(self, targets: NDArray[np.float64]) -> ReferenceTerms:
        """Return the filters of targets, shape (R, C), in units of the background's scale."""
        apart = targets - self.origin
        peaks = np.abs(apart).max(axis=1, keepdims=True)
        peaks[peaks == 0.0] = 1.0
        white = (apart / peaks) @ self.whitening.T  # squares of it can't vanish
        squares = np.einsum("rk,rk->r", white, white)
        lengths = np.einsum("kc,kc->k", self.whitening, self.whitening)
        is_zero = self._is_origin(targets)
        # the shortest row is that of the axis of most variance
        is_visible = ~is_zero & (squares > _INVISIBLE * lengths.min())
        white = np.where(is_visible[:, np.newaxis], white, 0.0)
        gains = np.where(is_visible, squares, 1.0)[:, np.newaxis] * peaks
        filters = (white / gains) @ self.whitening
        return ReferenceTerms(filters, -(filters @ self.origin), is_zero)

    def _is_origin(self, vectors: NDArray[np.float64]) -> NDArray[np.bool_]:
        return self.background.is_nothing(vectors - self.origin)


def projection_kernel(projection_of: Callable[[Background], Projection]) -> Linear:
    """Return what engines need of a measure whose values are projections.

    Parameters
    ----------
    projection_of : callable
        `projection_of(background)`: the projection in a stack of these statistics.
    """
    return Linear(
        partial(_pixel_terms, projection_of), partial(_reference_terms, projection_of), _unchanged
    )


def _pixel_terms(
    projection_of: Callable[[Background], Projection],
    vectors: NDArray[np.float64],
    background: Background | None,
) -> PixelTerms:
    assert background is not None
    return projection_of(background).pixel_terms(vectors)


def _reference_terms(
    projection_of: Callable[[Background], Projection],
    vectors: NDArray[np.float64],
    background: Background | None,
) -> ReferenceTerms:
    assert background is not None
    return projection_of(background).reference_terms(vectors)


def _unchanged(forms: NDArray[np.float64]) -> NDArray[np.float64]:
    return forms
