"""The mean vectors of regions, also of stacks that are lazy."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial

from napari_ifealid.explorer.deferred_reader import DeferredReader
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
    scheduler, arrived, failed
        See `DeferredReader`.
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
        self._features = features
        self._deferred = DeferredReader[Hashable, RegionVector](
            scheduler, arrived, failed, at_once=1, kept=_MOST_KEPT
        )

    def vector(self, region: RegionReference) -> RegionVector | None:
        """Return the mean vector of a region; None if it is still to be read."""
        key = region.key, self._features
        known = self._deferred.known(key)
        if known is not None:
            return known
        size = len(region.pixels) * self._stack.feature_count
        read = partial(region_vector, self._stack, region.pixels, self._features)
        if self._stack.is_lazy or size > _AT_ONCE:
            return self._deferred.value(key, read)
        vector = read()
        self._deferred.keep(key, vector)
        return vector

    def set_features(self, features: UsedFeatures | None) -> None:
        """Count those pixels from now on that have these features; None for all of them."""
        self._features = features

    def stop(self) -> None:
        """Stop: nothing is reported from now on."""
        self._deferred.stop()
