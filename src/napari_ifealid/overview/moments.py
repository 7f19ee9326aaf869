"""Mean and scatter of vectors, block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.overview.aspect import Aspect, parts_of
from napari_ifealid.stack import FeatureStack


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean and scatter of vectors.

    Parameters
    ----------
    count : int
        How many vectors.
    mean : array of float64, shape (C,)
    scatter : array of float64, shape (C, C)
        Sum of the outer products of what the vectors differ from their mean.
    """

    count: int
    mean: NDArray[np.float64]
    scatter: NDArray[np.float64]

    @classmethod
    def none(cls, feature_count: int) -> Moments:
        """Return the moments of no vector."""
        return cls(0, np.zeros(feature_count), np.zeros((feature_count, feature_count)))

    @classmethod
    def of(cls, vectors: NDArray[np.float64]) -> Moments:
        """Return the moments of one or more vectors, array of shape (n, C)."""
        centred = vectors - vectors[0]  # so that equal vectors differ by nothing
        mean = centred.mean(axis=0)
        centred -= mean
        return cls(len(vectors), vectors[0] + mean, centred.T @ centred)

    def joined(self, other: Moments) -> Moments:
        """Return the moments of both sets of vectors together.

        Notes
        -----
        Chan, Golub & LeVeque 1983, "Algorithms for Computing the Sample Variance: Analysis and
        Recommendations", doi 10.1080/00031305.1983.10483115: nothing is lost to the rounding of
        large means.
        """
        if not self.count or not other.count:
            return self if self.count else other
        count = self.count + other.count
        apart = other.mean - self.mean
        scatter = self.scatter + other.scatter
        scatter += np.outer(apart * (self.count * other.count / count), apart)
        return Moments(count, self.mean + apart * (other.count / count), scatter)


def block_moments(block: FeatureStack, aspect: Aspect) -> Moments:
    """Return the moments of all pixels of a block that have what counts.

    Parameters
    ----------
    block : FeatureStack
        In memory.
    aspect : Aspect
    """
    moments = Moments.none(block.feature_count)
    for _, vectors, is_known in parts_of(block, aspect):
        if is_known.any():
            known = vectors if is_known.all() else vectors[is_known]
            moments = moments.joined(Moments.of(known))
    return moments
