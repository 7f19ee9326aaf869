"""Maps of measures that are functions of the information divergence, on the CPU."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.cores import on_all_cores
from napari_ifealid.engines.pixel_vectors import WORTH_A_THREAD, PixelVectors
from napari_ifealid.measures import Divergence, Measure
from napari_ifealid.measures.divergence import LEAST_SHARE, shares
from napari_ifealid.query import Query

_NEAR = np.float32(1e-4)  # divergences below it are computed again, by the definition


@dataclass(frozen=True, eq=False)
class DivergenceQuery:
    """The shares of a query's references that have any, and what the others are.

    Parameters
    ----------
    measure : Measure
    kernel : Divergence
        That of the measure.
    references : array of float64, shape (R, C)
        In the stack's own units.
    has_zero : bool
        Whether one has no positive value. It has 0 to all pixels but such ones.
    """

    measure: Measure
    kernel: Divergence
    references: NDArray[np.float64]
    has_zero: bool

    @classmethod
    def of(cls, query: Query, kernel: Divergence) -> DivergenceQuery:
        """Prepare a query. References that are not finite count for nothing."""
        vectors = query.used_vectors
        vectors = vectors[np.isfinite(vectors).all(axis=1)]
        is_positive = (vectors > 0.0).any(axis=1)
        return cls(query.measure, kernel, vectors[is_positive], not is_positive.all())

    @property
    def is_void(self) -> bool:
        """Whether there is nothing to compare with: no pixel has a value."""
        return not self.has_zero and len(self.references) == 0


def divergence_values(
    pixels: PixelVectors, query: DivergenceQuery, rows: slice
) -> NDArray[np.float32]:
    """Return the values of a query for some pixels.

    Parameters
    ----------
    pixels : PixelVectors
    query : DivergenceQuery
    rows : slice

    Returns
    -------
    array of float32, shape (N,)
        NaN where a pixel is not finite, or everywhere if no reference is finite.
    """
    values = np.empty(rows.stop - rows.start, np.float32)
    if query.is_void:
        values[:] = np.nan
        return values
    comparison = _Comparison(pixels, query, rows, values)
    least = max(1, WORTH_A_THREAD // (4 * pixels.feature_count))
    on_all_cores(comparison.fill, len(values), least=least)
    values[pixels.is_invalid[rows]] = np.nan
    return values


class _Comparison:
    """Fills the values of a query, block by block."""

    def __init__(
        self,
        pixels: PixelVectors,
        query: DivergenceQuery,
        rows: slice,
        values: NDArray[np.float32],
    ) -> None:
        self._pixels = pixels
        self._query = query
        self._rows = rows
        self._values = values
        q = shares(query.references)
        logarithms = np.log(q + LEAST_SHARE)
        self._shares = q.astype(np.float32)
        self._logarithms = logarithms.astype(np.float32)
        self._own = np.einsum("rc,rc->r", q, logarithms).astype(np.float32)

    def fill(self, part: slice) -> None:
        """Fill a part of the values; called in several threads."""
        start, stop = (self._rows.start + end for end in (part.start, part.stop))
        with np.errstate(invalid="ignore", over="ignore"):  # pixels that are not finite
            for block in self._pixels.blocks(slice(start, stop)):
                first = block.start - self._rows.start
                self._fill_block(block, self._values[first : first + block.stop - block.start])

    def _fill_block(self, rows: slice, values: NDArray[np.float32]) -> None:
        p = np.maximum(self._pixels.as_float32(rows), np.float32(0.0))
        totals = p.sum(axis=1)
        is_zero = ~(totals > 0.0)
        totals[is_zero] = 1.0
        p /= totals[:, np.newaxis]
        if len(self._shares):
            logarithms = p + np.float32(LEAST_SHARE)
            np.log(logarithms, out=logarithms)
            divergences = self._own - p @ self._logarithms.T
            divergences -= logarithms @ self._shares.T
            divergences += np.einsum("pc,pc->p", p, logarithms)[:, np.newaxis]
            least = divergences.min(axis=1)
            values[:] = self._query.kernel.from_divergences(least)
            near = np.flatnonzero((least < _NEAR) & ~is_zero)
            values[near] = self._defined(near + rows.start)
            values[is_zero] = 0.0
        else:
            values[:] = 0.0
        if self._query.has_zero:
            values[is_zero] = self._query.measure.limits[1]

    def _defined(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the values of some pixels by the definition."""
        vectors = self._pixels.in_engine_units(rows)
        definition, unit = self._query.measure.definition, self._pixels.unit
        values = [definition(vectors, one * unit) for one in self._query.references]
        best: NDArray[np.float64] = np.max(values, axis=0)
        return best
