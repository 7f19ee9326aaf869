"""The vectors of single pixels, also of stacks that are lazy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.explorer.compared_pixels import Pixels
from napari_ifealid.explorer.deferred_reader import DeferredReader
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.grid import Pixel

Vector = NDArray[np.float64]

_MOST_KEPT = 1000
_MOST_AT_ONCE = 16


class PixelVectorReader:
    """Gives the vectors of pixels; those of lazy stacks are read in the background.

    Parameters
    ----------
    pixels : Pixels
    scheduler, arrived, failed
        See `DeferredReader`.
    """

    def __init__(
        self,
        pixels: Pixels,
        scheduler: Scheduler,
        arrived: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._pixels = pixels
        self._deferred = DeferredReader[Pixel, Vector](
            scheduler, arrived, failed, at_once=_MOST_AT_ONCE, kept=_MOST_KEPT
        )

    def vector(self, pixel: Pixel) -> Vector | None:
        """Return the real values of a pixel; None if they are still to be read."""
        if not self._pixels.is_lazy:
            return self._pixels.vector(pixel)
        return self._deferred.value(pixel, partial(self._pixels.vector, pixel))

    def stop(self) -> None:
        """Stop: nothing is reported from now on."""
        self._deferred.stop()
