"""Sharp maps at a lower resolution, shown while the pointer moves over large images."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, prod, sqrt

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.grid import Pixel, Region, intersection, region_shape, within
from napari_ifealid.measures import Measure
from napari_ifealid.query import Query
from napari_ifealid.sharpening import SharpEngine

_MOST_PIXELS = 1 << 19
"""Pixels of a map that is made in less than a frame."""

_AROUND = 1 << 17
"""Those of what lies around the part that is seen."""


class SharpPreview:
    """Answers queries at the resolution of the screen for the part that is seen.

    Each value stands for the pixels up to the next one that is computed: for itself alone where the
    view is zoomed in, for several where it is not, and for more around the part that is seen.

    Parameters
    ----------
    engine : SharpEngine
    seen : callable
        `seen()`: the pixels of the image that are seen; None where that is not known.
    """

    def __init__(self, engine: SharpEngine, seen: Callable[[], Region | None]) -> None:
        self._engine = engine
        self._seen = seen

    def answers(self, measure: Measure) -> bool:
        """Return whether there is a map of a measure without measuring anything first."""
        return self._engine.is_prepared(measure)

    def map_of(self, query: Query, region: Region) -> NDArray[np.float32]:
        """Return the map of a region."""
        seen = self._seen()
        part = region if seen is None else intersection(seen, region)
        if part is None or part == region:
            return self._values(query, region, _MOST_PIXELS)
        values = self._values(query, region, _AROUND)
        values[within(part, region)] = self._values(query, part, _MOST_PIXELS)
        return values

    def error_of(self, measure: Measure) -> float:  # noqa: ARG002
        """Return NaN: its values are exact, but not there for each pixel."""
        return float("nan")

    def vector(self, pixel: Pixel) -> NDArray[np.float64]:
        """Return the vector of a pixel."""
        return self._engine.sharp.vector(pixel)

    def _values(self, query: Query, region: Region, most: int) -> NDArray[np.float32]:
        """Return the map of a region, computed for so many pixels of it at most."""
        height, width = region_shape(region)
        step = ceil(sqrt(height * width / most))
        values = self._engine.values(query, region, step)
        if step == 1:
            return values
        whole = np.empty((height, width), np.float32)
        for down in range(step):
            for across in range(step):
                part = whole[down::step, across::step]
                part[...] = values[: part.shape[0], : part.shape[1]]
        return whole


class SharpPreviews:
    """Has a preview where the image is large; there is nothing to build.

    Parameters
    ----------
    engine : SharpEngine
    seen : callable
        See `SharpPreview`.
    """

    def __init__(self, engine: SharpEngine, seen: Callable[[], Region | None]) -> None:
        is_large = prod(engine.sharp.weights.image_shape) > _MOST_PIXELS
        self._preview = SharpPreview(engine, seen) if is_large else None

    @property
    def preview(self) -> SharpPreview | None:
        """The preview; None where whole maps take less than a frame."""
        return self._preview

    def begin(self) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""
