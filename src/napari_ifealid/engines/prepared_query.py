"""A query as engines multiply it for measures of unit vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.pixel_vectors import unit_rows
from napari_ifealid.measures import Measure, UnitLength
from napari_ifealid.query import Query


@dataclass(frozen=True, eq=False)
class PreparedQuery:
    """The references of a query that have a direction, at unit length, and what the others are.

    Parameters
    ----------
    measure : Measure
    kernel : UnitLength
        That of the measure.
    units : array of float32, shape (R, C)
        Of the features that are used: references that are finite and not zero.
    has_zero : bool
        Whether one is zero. It is at a right angle to all pixels but zero ones, which it equals.
    """

    measure: Measure
    kernel: UnitLength
    units: NDArray[np.float32]
    has_zero: bool

    @classmethod
    def of(cls, query: Query, kernel: UnitLength) -> PreparedQuery:
        """Prepare a query. References that are not finite count for nothing.

        Parameters
        ----------
        query : Query
        kernel : UnitLength
            That of its measure.
        """
        vectors = query.used_vectors
        is_finite, has_direction = np.isfinite(vectors).all(axis=1), vectors.any(axis=1)
        return cls(
            measure=query.measure,
            kernel=kernel,
            units=unit_rows(vectors[is_finite & has_direction]),
            has_zero=bool((is_finite & ~has_direction).any()),
        )

    @property
    def is_void(self) -> bool:
        """Whether there is nothing to compare with: no pixel has a value."""
        return not self.has_zero and len(self.units) == 0
