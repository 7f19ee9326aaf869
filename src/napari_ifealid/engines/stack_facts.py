"""What measures need to know of a stack, measured once and when it is needed."""

from __future__ import annotations

from threading import RLock

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.linear_query import pixel_terms
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.engines.stack_moments import moments_of
from napari_ifealid.measures import Background, Linear, Measure, Needs
from napari_ifealid.measures.kernels import PixelTerms


class StackFacts:
    """Facts about the pixel vectors of a stack, beside their lengths. For use in any thread.

    Parameters
    ----------
    pixels : PixelVectors
    background : Background, optional
        The statistics of the stack, where they are known already.
    """

    def __init__(self, pixels: PixelVectors, background: Background | None = None) -> None:
        self._pixels = pixels
        self._background = None if background is None else _in_engine_units(background, pixels)
        self._terms: dict[str, PixelTerms] = {}
        self._lock = RLock()

    @property
    def memory(self) -> int:
        """Bytes of what is known."""
        terms = list(self._terms.values())
        held = sum(one.factor.nbytes + one.shift.nbytes + one.is_zero.nbytes for one in terms)
        covariance = None if self._background is None else self._background.covariance
        return held + (0 if covariance is None else covariance.nbytes)

    @property
    def spread(self) -> float | None:
        """Spread of the vectors in the stack's own units, once it is known."""
        known = self._background
        return None if known is None else known.spread * known.scale

    def is_known(self, measure: Measure) -> bool:
        """Return whether all is known that a measure needs."""
        return not isinstance(measure.kernel, Linear) or measure.name in self._terms

    def learn(self, measure: Measure) -> None:
        """Measure what a measure needs, unless that is known."""
        if isinstance(measure.kernel, Linear):
            self.of_linear(measure, measure.kernel)

    def of_linear(self, measure: Measure, kernel: Linear) -> tuple[Background | None, PixelTerms]:
        """Return the statistics in engine units, and what depends on the pixels alone.

        Parameters
        ----------
        measure : Measure
        kernel : Linear
            That of the measure.
        """
        with self._lock:
            background = self._background_for(measure.needs)
            if measure.name not in self._terms:
                self._terms[measure.name] = pixel_terms(self._pixels, kernel, background)
            return background, self._terms[measure.name]

    def of_rows(self, rows: NDArray[np.intp]) -> StackFacts:
        """Return what is known of some of the pixels."""
        part = StackFacts(self._pixels)
        part._background = self._background
        part._terms = {name: terms.of_rows(rows) for name, terms in self._terms.items()}
        return part

    def _background_for(self, needs: Needs) -> Background | None:
        if needs is Needs.NOTHING:
            return None
        known = self._background
        if known is None or (needs is Needs.COVARIANCE and known.covariance is None):
            moments = moments_of(self._pixels, has_scatter=needs is Needs.COVARIANCE)
            known = _in_engine_units(Background.from_moments([moments]), self._pixels)
            self._background = known
        return known


def _in_engine_units(background: Background, pixels: PixelVectors) -> Background:
    return background.in_units_of(1.0 / pixels.unit)
