"""Sharp maps at a lower resolution, shown while the pointer moves over large images."""

from __future__ import annotations

from math import ceil, prod, sqrt

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.grid import Pixel, Region, region_shape
from napari_ifealid.measures import Measure
from napari_ifealid.query import Query
from napari_ifealid.sharpening import SharpEngine

_MOST_PIXELS = 1 << 19
"""Pixels of a map that is made in less than a frame."""


class SharpPreview:
    """Answers queries for each so many-th pixel along both axes.

    Parameters
    ----------
    engine : SharpEngine
    step : int
    """

    def __init__(self, engine: SharpEngine, step: int) -> None:
        self._engine = engine
        self._step = step

    def answers(self, measure: Measure) -> bool:
        """Return whether there is a map of a measure without measuring anything first."""
        return self._engine.is_prepared(measure)

    def map_of(self, query: Query, region: Region) -> NDArray[np.float32]:
        """Return the map of a region: each value stands for the pixels up to the next one."""
        coarse = self._engine.values(query, region, self._step)
        height, width = region_shape(region)
        whole = coarse.repeat(self._step, axis=0)[:height].repeat(self._step, axis=1)
        return np.ascontiguousarray(whole[:, :width])

    def error_of(self, measure: Measure) -> float:  # noqa: ARG002
        """Return NaN: its values are exact, but not there for each pixel."""
        return float("nan")

    def vector(self, pixel: Pixel) -> NDArray[np.float64]:
        """Return the vector of a pixel."""
        return self._engine.sharp.vector(pixel)


class SharpPreviews:
    """Has a preview where the image is large; there is nothing to build.

    Parameters
    ----------
    engine : SharpEngine
    """

    def __init__(self, engine: SharpEngine) -> None:
        step = ceil(sqrt(prod(engine.sharp.weights.image_shape) / _MOST_PIXELS))
        self._preview = SharpPreview(engine, step) if step > 1 else None

    @property
    def preview(self) -> SharpPreview | None:
        """The preview; None where whole maps take less than a frame."""
        return self._preview

    def begin(self) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""
