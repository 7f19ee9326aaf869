"""The pixels that maps and references are of: the stack's own, or those of its image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.explorer.opening import Features
from napari_ifealid.grid import Pixel
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.preprocessing import Transform
from napari_ifealid.region_vector import RegionVector, region_vector
from napari_ifealid.sharpening import SharpPixels, Weights
from napari_ifealid.stack import FeatureStack


class Pixels(Protocol):
    """Gives the vectors of pixels."""

    @property
    def is_lazy(self) -> bool:
        """Whether they are read from somewhere."""

    @property
    def feature_count(self) -> int:
        """Number of features, C."""

    def vector(self, pixel: Pixel) -> NDArray[np.float64]:
        """Return the real values of a pixel, array of shape (C,)."""

    def region_vector(
        self, pixels: NDArray[np.intp], used: UsedFeatures | None = None
    ) -> RegionVector:
        """Return the mean of some pixels, see `napari_ifealid.region_vector`."""


class OwnPixels:
    """Those of a stack.

    Parameters
    ----------
    stack : FeatureStack
    """

    def __init__(self, stack: FeatureStack) -> None:
        self._stack = stack

    @property
    def is_lazy(self) -> bool:
        """Whether they are read from somewhere."""
        return self._stack.is_lazy

    @property
    def feature_count(self) -> int:
        """Number of features, C."""
        return self._stack.feature_count

    def vector(self, pixel: Pixel) -> NDArray[np.float64]:
        """Return the real values of a pixel, array of shape (C,)."""
        return self._stack.vector(pixel)

    def region_vector(
        self, pixels: NDArray[np.intp], used: UsedFeatures | None = None
    ) -> RegionVector:
        """Return the mean of some pixels, see `napari_ifealid.region_vector`."""
        return region_vector(self._stack, pixels, used)


@dataclass(frozen=True, eq=False)
class ComparedPixels:
    """The pixels of a stack as they are compared, and as they were before.

    Parameters
    ----------
    original : Pixels
        As the layer has them.
    compared : Pixels
        The same, preprocessed.
    transform : Transform or None
        What was done to them.
    """

    original: Pixels
    compared: Pixels
    transform: Transform | None

    @classmethod
    def of(cls, features: Features, weights: Weights | None = None) -> ComparedPixels:
        """Return the pixels of features: those of the image, where there are weights."""
        stacks = features.original, features.stack
        if weights is None:
            original, compared = map(OwnPixels, stacks)
            return cls(original, compared, features.transform)
        sharp, preprocessed = (SharpPixels(stack, weights) for stack in stacks)
        return cls(sharp, preprocessed, features.transform)

    def region_vector(self, pixels: NDArray[np.intp], used: UsedFeatures | None) -> RegionVector:
        """Return the mean of some pixels as it is compared, see `RegionVectorReader`."""
        region = self.original.region_vector(pixels, used)
        if self.transform is None:
            return region
        deviation = self.compared.region_vector(pixels, used).deviation
        return replace(region, mean=self.transform.of(region.mean), deviation=deviation)
