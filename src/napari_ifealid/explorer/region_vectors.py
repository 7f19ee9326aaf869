"""The mean vectors of regions, also of stacks that are lazy."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial

from napari_ifealid.explorer.compared_pixels import ComparedPixels
from napari_ifealid.explorer.deferred_reader import DeferredReader
from napari_ifealid.explorer.region_reference import RegionReference
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.region_vector import RegionVector

_MOST_KEPT = 256
_AT_ONCE = 1 << 21  # values that are read in less than a frame


class RegionVectorReader:
    """Gives the mean vectors of regions; those that take longer are read in the background.

    A mean is that of the original vectors, and preprocessed like any vector: so it is the same one
    that a session file has. Its deviation is that of the preprocessed vectors.

    Parameters
    ----------
    pixels : ComparedPixels
    scheduler, arrived, failed
        See `DeferredReader`.
    used : UsedFeatures, optional
        Those that a pixel must have to count; all of them unless given.
    """

    def __init__(
        self,
        pixels: ComparedPixels,
        scheduler: Scheduler,
        arrived: Callable[[], None],
        failed: Callable[[Exception], None],
        used: UsedFeatures | None = None,
    ) -> None:
        self._pixels = pixels
        self._used = used
        self._deferred = DeferredReader[Hashable, RegionVector](
            scheduler, arrived, failed, at_once=1, kept=_MOST_KEPT
        )

    def vector(self, region: RegionReference) -> RegionVector | None:
        """Return the mean vector of a region; None if it is still to be read."""
        key = region.key, self._used
        known = self._deferred.known(key)
        if known is not None:
            return known
        compared = self._pixels.compared
        size = len(region.pixels) * compared.feature_count
        read = partial(self._pixels.region_vector, region.pixels, self._used)
        if compared.is_lazy or size > _AT_ONCE:
            return self._deferred.value(key, read)
        vector = read()
        self._deferred.keep(key, vector)
        return vector

    def set_features(self, features: UsedFeatures | None) -> None:
        """Count those pixels from now on that have these features; None for all of them."""
        self._used = features

    def stop(self) -> None:
        """Stop: nothing is reported from now on."""
        self._deferred.stop()
