"""The references of a session with their vectors, read in the background where that takes long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.explorer.compared_pixels import ComparedPixels
from napari_ifealid.explorer.map_previews import MapPreview
from napari_ifealid.explorer.map_request import SimilarityRequest
from napari_ifealid.explorer.pixel_reference import PixelReference
from napari_ifealid.explorer.region_reference import RegionReference
from napari_ifealid.explorer.region_vectors import RegionVectorReader
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.explorer.session_question import AnyReference, Question
from napari_ifealid.explorer.vector_reader import PixelVectorReader
from napari_ifealid.grid import Pixel
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.query import Origin, Query, Reference, Rule
from napari_ifealid.region_vector import RegionVector


class ReferenceVectors:
    """Gives references their vectors, of a pixel or the mean of a region.

    Parameters
    ----------
    pixels : ComparedPixels
        What was done to them is done to vectors that come from elsewhere.
    scheduler, arrived, failed
        See `DeferredReader`.
    used : UsedFeatures, optional
        Those that pixels of a region need; all of them unless given.
    """

    def __init__(
        self,
        pixels: ComparedPixels,
        scheduler: Scheduler,
        arrived: Callable[[], None],
        failed: Callable[[Exception], None],
        used: UsedFeatures | None = None,
    ) -> None:
        self._pixels = PixelVectorReader(pixels.compared, scheduler, arrived, failed)
        self._regions = RegionVectorReader(pixels, scheduler, arrived, failed, used)
        self._transform = pixels.transform
        self._transformed: WeakKeyDictionary[Reference, Reference] = WeakKeyDictionary()

    def of_pixel(self, pixel: Pixel) -> NDArray[np.float64] | None:
        """Return the real values of a pixel; None if they are still to be read."""
        return self._pixels.vector(pixel)

    def of_region(self, region: RegionReference) -> RegionVector | None:
        """Return the mean vector of a region; None if it is still to be read."""
        return self._regions.vector(region)

    def reference(self, one: AnyReference) -> Reference | None:
        """Return a reference with its vector; None if that is still to be read."""
        if isinstance(one, Reference):
            return self._as_compared(one)
        if isinstance(one, RegionReference):
            region = self.of_region(one)
            return None if region is None else one.with_vector(region.mean)
        vector = self.of_pixel(one.pixel)
        return None if vector is None else one.with_vector(vector)

    def approximate(
        self, question: Question, preview: MapPreview | None
    ) -> SimilarityRequest | None:
        """Return a question with the preview's vectors of pixels; None where it has none."""
        # the preview knows directions only, and a mean needs the lengths as well
        if preview is None or (question.rule is Rule.MEAN and len(question.references) > 1):
            return None
        references = []
        for one in question.references:
            if isinstance(one, PixelReference):
                references.append(one.with_vector(preview.vector(one.pixel)))
            else:
                known = self.reference(one)
                if known is None:
                    return None
                references.append(known)
        query = Query(tuple(references), question.rule, question.measure)
        return SimilarityRequest(query, question.region)

    def _as_compared(self, one: Reference) -> Reference:
        """Do to a vector what was done to the stack; another stack's has it done already."""
        if self._transform is None or one.origin is Origin.STACK:
            return one
        if one not in self._transformed:
            vector = self._transform.of(one.vector)
            self._transformed[one] = replace(one, vector=vector)
        return self._transformed[one]

    def set_features(self, features: UsedFeatures | None) -> None:
        """Count those pixels of a region from now on that have these features."""
        self._regions.set_features(features)

    def stop(self) -> None:
        """Stop: nothing is reported from now on."""
        self._pixels.stop()
        self._regions.stop()
