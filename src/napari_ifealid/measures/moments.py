"""Count, mean and scatter of vectors, block by block."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Moments:
    """Count, mean and scatter of some vectors, which those of other vectors can be added to.

    Parameters
    ----------
    count : int
        Number of vectors.
    mean : array of float64, shape (C,)
    squares : array of float64, shape (C,)
        Sum of the squared deviations from the mean, of each feature.
    scatter : array of float64, shape (C, C), optional
        Sum of the products of the deviations from the mean.
    scale : float
        What the vectors were divided by.
    """

    count: int
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]
    scatter: NDArray[np.float64] | None
    scale: float = 1.0

    @classmethod
    def none(cls, feature_count: int, *, has_scatter: bool = True) -> Moments:
        """Return the moments of no vector."""
        return cls.of(np.empty((0, feature_count)), has_scatter=has_scatter)

    @classmethod
    def of(
        cls, vectors: NDArray[np.float64], *, has_scatter: bool = True, scale: float = 1.0
    ) -> Moments:
        """Measure vectors of shape (N, C); those that are not finite are left out."""
        is_finite = np.isfinite(vectors)
        known = vectors if is_finite.all() else vectors[is_finite.all(axis=1)]
        first = known[0] if len(known) else np.zeros(vectors.shape[1])
        deviations = known - first  # so that equal vectors differ by nothing
        shift = deviations.mean(axis=0) if len(known) else np.zeros_like(first)
        deviations -= shift
        scatter = deviations.T @ deviations if has_scatter else None
        return cls(
            count=len(known),
            mean=first + shift,
            squares=np.einsum("pc,pc->c", deviations, deviations)
            if scatter is None
            else scatter.diagonal(),
            scatter=scatter,
            scale=scale,
        )

    @property
    def spread(self) -> float:
        """Sum of the squared distances from the mean."""
        return float(self.squares.sum())

    def joined(self, other: Moments) -> Moments:
        """Return the moments of the vectors of both.

        Notes
        -----
        Chan, Golub & LeVeque 1983, "Algorithms for Computing the Sample Variance: Analysis and
        Recommendations", doi 10.1080/00031305.1983.10483115: nothing is lost to the rounding of
        large means.
        """
        one, other = (each._in_units_of(max(self.scale, other.scale)) for each in (self, other))
        count = one.count + other.count
        if one.count == 0 or other.count == 0:
            return other if one.count == 0 else one
        apart, weight = other.mean - one.mean, one.count * other.count / count
        scatter = None
        if one.scatter is not None and other.scatter is not None:
            scatter = one.scatter + other.scatter
            scatter += np.outer(weight * apart, apart)
        return replace(
            one,
            count=count,
            mean=one.mean + apart * (other.count / count),
            squares=one.squares + other.squares + weight * apart**2,
            scatter=scatter,
        )

    def _in_units_of(self, scale: float) -> Moments:
        ratio = self.scale / scale
        if ratio == 1.0:
            return self
        return replace(
            self,
            mean=self.mean * ratio,
            squares=self.squares * ratio**2,
            scatter=None if self.scatter is None else self.scatter * ratio**2,
            scale=scale,
        )
