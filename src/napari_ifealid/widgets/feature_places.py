"""Where each feature lies along the chart's axis."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class FeaturePlaces:
    """The features from left to right, each with a step of the axis.

    Parameters
    ----------
    order : array of int, shape (C,)
        The features from left to right.
    centres : array, shape (C,)
        Where they lie, rising.
    """

    order: NDArray[np.intp]
    centres: NDArray[np.float64]

    @classmethod
    def in_order(cls, order: NDArray[np.intp]) -> FeaturePlaces:
        """Return places 0, 1, 2… for features in a given order."""
        return cls(order, np.arange(len(order), dtype=np.float64))

    @classmethod
    def at(cls, numbers: NDArray[np.float64]) -> FeaturePlaces:
        """Return each feature at a number of its own, e.g. its wavelength."""
        order = np.argsort(numbers)
        return cls(order, numbers[order])

    @cached_property
    def edges(self) -> NDArray[np.float64]:
        """Ends of the steps, shape (C + 1,): halfway to the neighbours."""
        if len(self.centres) < 2:
            return np.append(self.centres - 0.5, self.centres + 0.5)
        halves = np.diff(self.centres) / 2.0
        middles = self.centres[:-1] + halves
        first, last = self.centres[0] - halves[0], self.centres[-1] + halves[-1]
        return np.concatenate([[first], middles, [last]])

    @property
    def are_successive(self) -> bool:
        """Whether features beside each other have successive numbers, rising or falling."""
        steps = np.diff(self.order)
        return bool((steps == 1).all() or (steps == -1).all())

    @property
    def ends(self) -> tuple[float, float]:
        """Where the first step begins and the last one ends; a step of 1 without features."""
        return (float(self.edges[0]), float(self.edges[-1])) if len(self.edges) else (-0.5, 0.5)

    @property
    def narrowest(self) -> float:
        """Width of the narrowest step; 1 without features."""
        return float(np.diff(self.edges).min()) if len(self.edges) else 1.0

    def position_at(self, place: float) -> int:
        """Return which of the features, counted from the left, a place belongs to."""
        position = int(np.searchsorted(self.edges, place, side="right")) - 1
        return min(max(position, 0), len(self.order) - 1)

    def positions_between(self, left: float, right: float) -> slice:
        """Return the features, counted from the left, that lie at least partly between two places.

        Parameters
        ----------
        left, right : float
            In any order.
        """
        left, right = sorted((left, right))
        return slice(self.position_at(left), self.position_at(right) + 1)

    def centre_of(self, feature: int) -> float:
        """Return where a feature lies."""
        return float(self.centres[np.flatnonzero(self.order == feature)[0]])

    def range_at(self, positions: slice) -> slice | None:
        """Return features that lie beside each other as a range of their numbers.

        Parameters
        ----------
        positions : slice
            Counted from the left.

        Returns
        -------
        slice or None
            None where their numbers are not successive.
        """
        features = np.sort(self.order[positions])
        is_range = features.size > 0 and bool((np.diff(features) == 1).all())
        return slice(int(features[0]), int(features[-1]) + 1) if is_range else None
