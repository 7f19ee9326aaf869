"""The mean vectors of regions, also of stacks that are lazy."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.explorer.region_reference import RegionReference
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.region_vector import RegionVector, region_vector
from napari_ifealid.stack import FeatureStack

_MOST_KEPT = 256
_AT_ONCE = 1 << 21  # values that are read in less than a frame


class RegionVectorReader:
    """Gives the mean vectors of regions; those that take longer are read in the background.

    Parameters
    ----------
    stack : FeatureStack
    scheduler : Scheduler
    arrived : callable
        Called when a vector that was asked for is read.
    failed : callable
        `failed(error)`, called when it can't be read.
    features : UsedFeatures, optional
        Those that a pixel must have to count; all of them unless given.
    """

    def __init__(
        self,
        stack: FeatureStack,
        scheduler: Scheduler,
        arrived: Callable[[], None],
        failed: Callable[[Exception], None],
        features: UsedFeatures | None = None,
    ) -> None:
        self._stack = stack
        self._scheduler = scheduler
        self._arrived = arrived
        self._failed = failed
        self._features = features
        self._known: OrderedDict[bytes, RegionVector] = OrderedDict()
        self._missing: dict[bytes, NDArray[np.intp]] = {}
        self._is_reading = self._is_stopped = False

    def vector(self, region: RegionReference) -> RegionVector | None:
        """Return the mean vector of a region; None if it is still to be read."""
        known = self._known.get(region.key)
        if known is not None:
            return known
        size = len(region.pixels) * self._stack.feature_count
        if not self._stack.is_lazy and size <= _AT_ONCE:
            found = region_vector(self._stack, region.pixels, self._features)
            return self._keep(region.key, found)
        self._missing.pop(region.key, None)
        self._missing[region.key] = region.pixels
        self._read()
        return self._known.get(region.key)

    def set_features(self, features: UsedFeatures | None) -> None:
        """Count those pixels from now on that have these features; None for all of them."""
        if features != self._features:
            self._features = features
            self._known.clear()

    def stop(self) -> None:
        """Stop: nothing is reported from now on."""
        self._is_stopped = True

    def _keep(self, key: bytes, vector: RegionVector) -> RegionVector:
        self._known[key] = vector
        if len(self._known) > _MOST_KEPT:
            self._known.popitem(last=False)
        return vector

    def _read(self) -> None:
        if self._is_stopped or self._is_reading or not self._missing:
            return
        self._is_reading = True
        key, pixels = self._missing.popitem()
        self._missing.clear()  # who still wants the others asks again
        self._scheduler.in_background(
            partial(region_vector, self._stack, pixels, self._features),
            partial(self._on_read, key, self._features),
            self._on_failed,
        )

    def _on_read(self, key: bytes, features: UsedFeatures | None, vector: RegionVector) -> None:
        if features == self._features:
            self._keep(key, vector)
        if not self._is_stopped:
            self._arrived()  # asks for more, which are read one after the other below
        self._is_reading = False
        self._read()

    def _on_failed(self, error: Exception) -> None:
        self._is_reading = False
        self._missing.clear()
        if not self._is_stopped:
            self._failed(error)
