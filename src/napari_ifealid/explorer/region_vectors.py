"""The mean vectors of regions, also of stacks that are lazy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from napari_ifealid.explorer.deferred_reader import DeferredReader
from napari_ifealid.explorer.region_reference import RegionReference
from napari_ifealid.explorer.schedulers import Scheduler
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
    """

    def __init__(
        self,
        stack: FeatureStack,
        scheduler: Scheduler,
        arrived: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._stack = stack
        self._deferred = DeferredReader[bytes, RegionVector](
            scheduler, arrived, failed, at_once=1, kept=_MOST_KEPT
        )

    def vector(self, region: RegionReference) -> RegionVector | None:
        """Return the mean vector of a region; None if it is still to be read."""
        known = self._deferred.known(region.key)
        if known is not None:
            return known
        size = len(region.pixels) * self._stack.feature_count
        if self._stack.is_lazy or size > _AT_ONCE:
            return self._deferred.value(
                region.key, partial(region_vector, self._stack, region.pixels)
            )
        vector = region_vector(self._stack, region.pixels)
        self._deferred.keep(region.key, vector)
        return vector

    def stop(self) -> None:
        """Stop: nothing is reported from now on."""
        self._deferred.stop()
