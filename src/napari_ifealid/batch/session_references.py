"""The references that a session has in one of its stacks, as vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError
from napari_ifealid.grid import Pixel, window_around
from napari_ifealid.libraries import sure_match
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.preprocessing import Transform
from napari_ifealid.query import Origin, Reference, Rule
from napari_ifealid.region_vector import region_vector
from napari_ifealid.session_files import (
    PlaceReference,
    SavedSession,
    SavedStack,
    VectorReference,
)
from napari_ifealid.session_files.grids import saved_grid
from napari_ifealid.stack import FeatureStack


@dataclass(frozen=True, eq=False)
class SessionReferences:
    """What the window of a session would compare one of its stacks with.

    Parameters
    ----------
    session : SavedSession
    saved : SavedStack
        One of the session.
    stack : FeatureStack
        The same, read: as it is compared.
    features : UsedFeatures or None
        The features that are compared.
    transform : Transform or None
        What was done to its vectors, and is done to those of a library and to means.
    original : FeatureStack
        The stack before that.
    """

    session: SavedSession
    saved: SavedStack
    stack: FeatureStack
    features: UsedFeatures | None
    transform: Transform | None
    original: FeatureStack

    def joined(self) -> tuple[tuple[Reference, ...], Rule]:
        """Return what is compared with, and how it is joined.

        Raises
        ------
        DatasetError
            If there is nothing to compare with.
        """
        rule, collected = self.session.rule, tuple(self._collected())
        if rule is Rule.DIFFERENCE and {reference.sign for reference in collected} == {1, -1}:
            return collected, Rule.DIFFERENCE
        liked = tuple(reference for reference in collected if reference.sign > 0)
        if rule is None or not liked:
            return (self._under_the_cursor(),), Rule.BEST
        return liked, Rule.MEAN if rule is Rule.MEAN else Rule.BEST

    def _collected(self) -> Iterator[Reference]:
        """Yield the references that the stack has, places first; those outside of it are not."""
        for one in self.session.references:
            if isinstance(one, PlaceReference):
                pixel = self._pixel_at(one.position)
                if pixel is not None:
                    vector = self._mean_around(pixel)
                    yield Reference(vector, one.sign, origin=Origin.PIN, colour=one.colour)
        for one in self.session.references:
            if isinstance(one, VectorReference):
                match = sure_match(one.labels, self.stack.feature_labels or ())
                if match is not None:
                    vector = self._as_compared(match.apply(one.values))
                    yield Reference(vector, one.sign, one.name, Origin.LIBRARY)

    def _under_the_cursor(self) -> Reference:
        cursor = self.session.cursor
        pixel = None if cursor is None else self._pixel_at(cursor.position)
        if pixel is None:
            raise DatasetError(
                "no reference in the stack",
                expected="a pin, another reference, or the cursor within it",
                remedy="Pin what is looked for, and save the session again.",
                file=self.saved.source.location,
            )
        return Reference(self._mean_around(pixel), origin=Origin.CURSOR)

    def _pixel_at(self, position: tuple[float, ...]) -> Pixel | None:
        return saved_grid(self.saved, self.stack).pixel_at(position)

    def _mean_around(self, pixel: Pixel) -> NDArray[np.float64]:
        """Return the mean of a window along rows and columns, the last two axes of space."""
        window = self.session.window
        if window == 1:
            return self.stack.vector(pixel)
        pixels = window_around(pixel, window, self.stack.spatial_shape, range(len(pixel))[-2:])
        return self._as_compared(region_vector(self.original, pixels, self.features).mean)

    def _as_compared(self, vector: NDArray[np.float64]) -> NDArray[np.float64]:
        return vector if self.transform is None else self.transform.of(vector)
