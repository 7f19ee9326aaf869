"""The up-sampled vectors of an image's pixels: what sharp maps compare."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.grid import Pixel
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.region_vector import RegionVector, mean_and_deviation
from napari_ifealid.sharpening.weights import ONE, Weights
from napari_ifealid.stack import FeatureStack

_BLOCK = 1 << 18  # values of up-sampled vectors that stay in a core's cache


class SharpPixels:
    """Gives the vectors of pixels of an image, W F, without holding them.

    Parameters
    ----------
    stack : FeatureStack
        In memory, with two spatial axes.
    weights : Weights
    """

    def __init__(self, stack: FeatureStack, weights: Weights) -> None:
        self.stack = stack
        self.weights = weights

    @property
    def is_lazy(self) -> bool:
        """Return False: the stack is in memory."""
        return False

    @property
    def spatial_shape(self) -> tuple[int, int]:
        """Height and width of the image."""
        return self.weights.image_shape

    @property
    def feature_count(self) -> int:
        """Number of features, C."""
        return self.stack.feature_count

    def vector(self, pixel: Pixel) -> NDArray[np.float64]:
        """Return the real values of a pixel of the image; NaN where it has none.

        Parameters
        ----------
        pixel : tuple of int

        Returns
        -------
        array of float64, shape (C,)
        """
        columns, values = self.weights.columns[pixel], self.weights.values[pixel]
        if not values.any():
            return np.full(self.stack.feature_count, np.nan)
        vector: NDArray[np.float64] = (values / ONE) @ self._real_values(columns)
        return vector

    def blocks(self, pixels: NDArray[np.intp]) -> Iterator[NDArray[np.float64]]:
        """Yield the real values of some pixels of the image, block by block.

        Parameters
        ----------
        pixels : array of int, shape (N,)
            Their numbers in C order.

        Yields
        ------
        array of float64, shape (M, C)
            NaN where a pixel has no vector.
        """
        step = max(1, _BLOCK // self.stack.feature_count)
        for start in range(0, len(pixels), step):
            numbers = pixels[start : start + step]
            near = np.unique(self.weights.columns.reshape(-1, self.weights.taps)[numbers])
            vectors = self.weights.rows(numbers)[:, near] @ self._real_values(near)
            vectors[self.weights.is_void.reshape(-1)[numbers]] = np.nan
            yield vectors

    def region_vector(
        self, pixels: NDArray[np.intp], used: UsedFeatures | None = None
    ) -> RegionVector:
        """Return the mean of some pixels of the image and their standard deviation.

        Parameters
        ----------
        pixels : array of int, shape (N,)
            Their numbers in C order.
        used : UsedFeatures, optional
            A pixel may lack other features than these; all are used unless given.
        """
        return mean_and_deviation(self.blocks(pixels), len(pixels), used)

    def _real_values(self, numbers: NDArray[np.unsignedinteger]) -> NDArray[np.float64]:
        # by places: to lay a stack out flat can take a copy of it
        places = np.unravel_index(numbers, self.stack.spatial_shape)
        return self.stack.real_values(self.stack.values[places])
