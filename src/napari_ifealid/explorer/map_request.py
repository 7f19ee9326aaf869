"""The map that is asked of a session."""

from __future__ import annotations

from collections.abc import Generator, Hashable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines import Engine, MapPart
from napari_ifealid.explorer.map_previews import MapPreview
from napari_ifealid.grid import Region
from napari_ifealid.measures import Measure
from napari_ifealid.query import Query


class ReferenceMode(Enum):
    """The query that all pixels are compared with."""

    CURSOR = "Cursor"
    MEAN = "Mean"
    BEST = "Best"
    DIFFERENCE = "Difference"


@dataclass(frozen=True)
class SimilarityRequest:
    """The map of a query.

    Parameters
    ----------
    query : Query
    region : tuple of slice
        The pixels that are asked for.
    """

    query: Query
    region: Region

    @property
    def content(self) -> Hashable:
        """Key of the map: pixels of maps with different keys are never mixed."""
        return self.query.key

    def parts(self, engine: Engine) -> Generator[MapPart]:
        """Yield the map, part by part."""
        yield from engine.parts(self.query, self.region)

    @property
    def measure(self) -> Measure:
        """The measure that an engine has to be prepared for."""
        return self.query.measure

    def preview(self, preview: MapPreview) -> tuple[NDArray[np.float32], float] | None:
        """Return the approximate map and the 95th percentile of its error; None without one."""
        if not preview.answers(self.query.measure):
            return None
        values = preview.map_of(self.query, self.region)
        return values, preview.error_of(self.query.measure)


@dataclass(frozen=True)
class FeatureRequest:
    """The values of a single feature, or the mean of several, in the stack's own units.

    Parameters
    ----------
    features : range
        Not empty, of step 1.
    region : tuple of slice
        The pixels that are asked for.
    """

    features: range
    region: Region

    @property
    def content(self) -> Hashable:
        """Key of the map: pixels of maps with different keys are never mixed."""
        return self.features

    @property
    def measure(self) -> None:
        """None: nothing is compared."""
        return

    def parts(self, engine: Engine) -> Generator[MapPart]:
        """Yield the values, part by part."""
        yield from engine.feature_parts(self.features, self.region)

    def preview(self, preview: MapPreview) -> None:  # noqa: ARG002
        """Return None: a preview knows nothing of single features."""
        return


MapRequest = SimilarityRequest | FeatureRequest
