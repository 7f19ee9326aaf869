"""The vectors of single pixels, also of stacks that are lazy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.explorer.deferred_reader import DeferredReader
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.grid import Pixel
from napari_ifealid.stack import FeatureStack

Vector = NDArray[np.float64]

_MOST_KEPT = 1000
_MOST_AT_ONCE = 16


class PixelVectorReader:
    """Gives the vectors of pixels; those of lazy stacks are read in the background.

    Parameters
    ----------
    stack : FeatureStack
    scheduler, arrived, failed
        See `DeferredReader`.
    """

    def __init__(
        self,
        stack: FeatureStack,
        scheduler: Scheduler,
        arrived: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._stack = stack
        self._deferred = DeferredReader[Pixel, Vector](
            scheduler, arrived, failed, at_once=_MOST_AT_ONCE, kept=_MOST_KEPT
        )

    def vector(self, pixel: Pixel) -> Vector | None:
        """Return the real values of a pixel; None if they are still to be read."""
        if not self._stack.is_lazy:
            return self._stack.vector(pixel)
        return self._deferred.value(pixel, partial(self._stack.vector, pixel))

    def stop(self) -> None:
        """Stop: nothing is reported from now on."""
        self._deferred.stop()
