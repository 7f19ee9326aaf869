"""The mean vectors of regions, also of stacks that are lazy."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.explorer.deferred_reader import DeferredReader
from napari_ifealid.explorer.opening import Features
from napari_ifealid.explorer.region_reference import RegionReference
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.region_vector import RegionVector, region_vector

_MOST_KEPT = 256
_AT_ONCE = 1 << 21  # values that are read in less than a frame


class RegionVectorReader:
    """Gives the mean vectors of regions; those that take longer are read in the background.

    A mean is that of the original vectors, and preprocessed like any vector: so it is the same one
    that a session file has. Its deviation is that of the preprocessed vectors.

    Parameters
    ----------
    features : Features
    scheduler, arrived, failed
        See `DeferredReader`.
    used : UsedFeatures, optional
        Those that a pixel must have to count; all of them unless given.
    """

    def __init__(
        self,
        features: Features,
        scheduler: Scheduler,
        arrived: Callable[[], None],
        failed: Callable[[Exception], None],
        used: UsedFeatures | None = None,
    ) -> None:
        self._features = features
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
        stack = self._features.stack
        size = len(region.pixels) * stack.feature_count
        read = partial(_region_vector, self._features, region.pixels, self._used)
        if stack.is_lazy or size > _AT_ONCE:
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


def _region_vector(
    features: Features, pixels: NDArray[np.intp], used: UsedFeatures | None
) -> RegionVector:
    region = region_vector(features.original, pixels, used)
    if features.transform is None:
        return region
    return replace(
        region,
        mean=features.transform.of(region.mean),
        deviation=region_vector(features.stack, pixels, used).deviation,
    )
