"""The vectors of single pixels, also of stacks that are lazy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

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
    scheduler : Scheduler
    arrived : callable
        Called when vectors that were asked for are read.
    failed : callable
        `failed(error)`, called when they can't be read.
    """

    def __init__(
        self,
        stack: FeatureStack,
        scheduler: Scheduler,
        arrived: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._stack = stack
        self._scheduler = scheduler
        self._arrived = arrived
        self._failed = failed
        self._known: dict[Pixel, Vector] = {}
        self._missing: dict[Pixel, None] = {}
        self._is_reading = self._is_stopped = False

    def vector(self, pixel: Pixel) -> Vector | None:
        """Return the real values of a pixel; None if they are still to be read."""
        if not self._stack.is_lazy:
            return self._stack.vector(pixel)
        if pixel not in self._known:
            self._missing[pixel] = None
            self._read()
        return self._known.get(pixel)

    def stop(self) -> None:
        """Stop: nothing is reported from now on."""
        self._is_stopped = True

    def _read(self) -> None:
        if self._is_stopped or self._is_reading or not self._missing:
            return
        self._is_reading = True
        pixels = list(self._missing)[-_MOST_AT_ONCE:]
        self._missing.clear()  # who still wants the others asks again
        self._scheduler.in_background(
            partial(_vectors, self._stack, pixels), partial(self._on_read, pixels), self._on_failed
        )

    def _on_read(self, pixels: Sequence[Pixel], vectors: Sequence[Vector]) -> None:
        self._is_reading = False
        if len(self._known) > _MOST_KEPT:
            self._known.clear()
        self._known.update(zip(pixels, vectors, strict=True))
        if not self._is_stopped:
            self._arrived()
        self._read()

    def _on_failed(self, error: Exception) -> None:
        self._is_reading = False
        self._missing.clear()
        if not self._is_stopped:
            self._failed(error)


def _vectors(stack: FeatureStack, pixels: Sequence[Pixel]) -> list[Vector]:
    return [stack.vector(pixel) for pixel in pixels]
