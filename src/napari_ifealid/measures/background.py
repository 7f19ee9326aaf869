"""Statistics of all pixel vectors of a stack: the background of a reference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures.moments import Moments

_SINGULAR = 1e-10
"""Variances below it, beside the largest one, count as none: rounding could have made them."""

_NOTHING = 1e-12
"""Vectors that are shorter, beside those of the stack, are zero but for rounding."""


@dataclass(frozen=True, eq=False)
class Background:
    """What measures know of all pixel vectors of a stack that are finite.

    Parameters
    ----------
    mean : array of float64, shape (C,)
        In units of the scale.
    spread : float
        Root mean square of the distances from the mean, in units of the scale.
    covariance : array of float64, shape (C, C), optional
        In squared units of the scale; None where only the spread was measured.
    scale : float
        Factor to the stack's own units, so that squares neither overflow nor vanish.
    """

    mean: NDArray[np.float64]
    spread: float
    covariance: NDArray[np.float64] | None = None
    scale: float = 1.0

    @classmethod
    def of(cls, vectors: NDArray[Any]) -> Background:
        """Measure vectors of shape (..., C) at once; those that are not finite are left out."""
        flat = np.asarray(vectors, np.float64).reshape(-1, np.shape(vectors)[-1])
        known = flat[np.isfinite(flat).all(axis=1)]
        scale = float(np.abs(known).max(initial=0.0)) or 1.0
        return cls.from_moments([Moments.of(known / scale, has_scatter=True, scale=scale)])

    @classmethod
    def from_moments(cls, moments: Iterable[Moments]) -> Background:
        """Join the moments of one part of the vectors or more."""
        first, *others = moments
        for other in others:
            first = first.joined(other)
        count = max(first.count, 1)
        return cls(
            mean=first.mean,
            spread=float(np.sqrt(first.spread / count)),
            covariance=None if first.scatter is None else first.scatter / count,
            scale=first.scale,
        )

    def in_units_of(self, scale: float) -> Background:
        """Return the same of vectors that are divided by another scale."""
        ratio = self.scale / scale
        return Background(
            mean=self.mean * ratio,
            spread=self.spread * ratio,
            covariance=None if self.covariance is None else self.covariance * ratio**2,
            scale=scale,
        )

    def scaled(self, vectors: NDArray[Any]) -> NDArray[np.float64]:
        """Return vectors of the stack's own units, shape (..., C), in units of the scale."""
        return np.asarray(vectors, np.float64) / self.scale

    @property
    def size(self) -> float:
        """Root mean square of the lengths of the vectors, in units of the scale."""
        return float(np.hypot(self.spread, np.linalg.norm(self.mean)))

    def is_nothing(self, vectors: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which vectors, shape (..., C) in units of the scale, are zero but for rounding."""
        return np.asarray(np.abs(vectors).max(axis=-1) <= _NOTHING * self.size)

    @cached_property
    def whitening(self) -> NDArray[np.float64]:
        """The matrix W, shape (K, C), for which W (a - mean) has the unit matrix as covariance.

        Its K rows are along the principal axes. Those without variance are left out, so that
        Wᵀ W is the pseudo-inverse of the covariance; a single row of zeros if all are.
        """
        return _whitening(self._known_covariance)

    @cached_property
    def decorrelation(self) -> NDArray[np.float64]:
        """The same for the correlation matrix, the mean of a aᵀ: Wᵀ W is its pseudo-inverse."""
        return _whitening(self._known_covariance + np.outer(self.mean, self.mean))

    @property
    def _known_covariance(self) -> NDArray[np.float64]:
        assert self.covariance is not None, "only the spread was measured"
        return self.covariance


def _whitening(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    variances, axes = np.linalg.eigh(matrix)
    kept = variances > _SINGULAR * max(float(variances[-1]), np.finfo(np.float64).tiny)
    if not kept.any():
        return np.zeros((1, len(matrix)))
    whitening: NDArray[np.float64] = axes[:, kept].T / np.sqrt(variances[kept])[:, np.newaxis]
    return whitening
