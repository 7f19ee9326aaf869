"""What a map maker and a request need of previews."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.grid import Pixel, Region
from napari_ifealid.measures import Measure
from napari_ifealid.query import Query


class MapPreview(Protocol):
    """Answers queries nearly, and quickly."""

    def answers(self, measure: Measure) -> bool:
        """Return whether it has maps of a measure."""

    def map_of(self, query: Query, region: Region) -> NDArray[np.float32]:
        """Return the approximate map of a region."""

    def error_of(self, measure: Measure) -> float:
        """Return what 95 of 100 values are off by at most; NaN where not all are there."""

    def vector(self, pixel: Pixel) -> NDArray[np.float64]:
        """Return the approximate vector of a pixel, array of shape (C,)."""


class MapPreviews(Protocol):
    """Has a preview, or builds one once it is needed."""

    @property
    def preview(self) -> MapPreview | None:
        """The preview, if there is one."""

    def begin(self) -> None:
        """Build one, unless that is begun."""

    def stop(self) -> None:
        """Stop building."""
