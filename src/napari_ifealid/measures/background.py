"""Statistics of all pixel vectors of a stack: the background of a reference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SINGULAR = 1e-10
"""Variances below it, beside the largest one, count as none: rounding could have made them."""

_NOTHING = 1e-12
"""Vectors that are shorter, beside those of the stack, are zero but for rounding."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Count, mean and scatter of some vectors, which those of other vectors can be added to.

    Parameters
    ----------
    count : int
        Number of vectors.
    mean : array of float64, shape (C,)
    spread : float
        Sum of the squared distances from the mean.
    scatter : array of float64, shape (C, C), optional
        Sum of the products of the deviations from the mean.
    scale : float
        What the vectors were divided by.
    """

    count: int
    mean: NDArray[np.float64]
    spread: float
    scatter: NDArray[np.float64] | None
    scale: float = 1.0

    @classmethod
    def of(cls, vectors: NDArray[np.float64], *, has_scatter: bool, scale: float = 1.0) -> Moments:
        """Measure vectors of shape (N, C); those that are not finite are left out."""
        known = vectors[np.isfinite(vectors).all(axis=1)]
        mean = known.mean(axis=0) if len(known) else np.zeros(vectors.shape[1])
        deviations = known - mean
        return cls(
            count=len(known),
            mean=mean,
            spread=float(np.einsum("pc,pc->", deviations, deviations)),
            scatter=deviations.T @ deviations if has_scatter else None,
            scale=scale,
        )

    def joined(self, other: Moments) -> Moments:
        """Return the moments of the vectors of both.

        Notes
        -----
        Chan, Golub & LeVeque 1983, doi 10.1080/00031305.1983.10483115.
        """
        one, other = (each._in_units_of(max(self.scale, other.scale)) for each in (self, other))
        count = one.count + other.count
        if one.count == 0 or other.count == 0:
            return other if one.count == 0 else one
        apart, weight = other.mean - one.mean, one.count * other.count / count
        scatter = None
        if one.scatter is not None and other.scatter is not None:
            scatter = one.scatter + other.scatter + weight * np.outer(apart, apart)
        return replace(
            one,
            count=count,
            mean=one.mean + apart * (other.count / count),
            spread=one.spread + other.spread + weight * float(apart @ apart),
            scatter=scatter,
        )

    def _in_units_of(self, scale: float) -> Moments:
        ratio = self.scale / scale
        return replace(
            self,
            mean=self.mean * ratio,
            spread=self.spread * ratio**2,
            scatter=None if self.scatter is None else self.scatter * ratio**2,
            scale=scale,
        )


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
