"""Where the pixels of an image lie among those of a stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.layers import default_placement
from napari_ifealid.stack import FeatureStack

_ROWS = 64  # of the image that are held as float32 at once


@dataclass(frozen=True)
class Alignment:
    """The pixels of a stack on its image: pixel i is centred at stride · i + offset of the image.

    Parameters
    ----------
    image_shape, stack_shape : (int, int)
        Height and width in pixels.
    stride, offset : (float, float)
        Along y and x, in pixels of the image, whose first is centred at 0.
    """

    image_shape: tuple[int, int]
    stack_shape: tuple[int, int]
    stride: tuple[float, float]
    offset: tuple[float, float]

    @classmethod
    def of(cls, stack: FeatureStack) -> Alignment:
        """Return that of a stack with two spatial axes and an overlay."""
        assert stack.overlay is not None
        stride, offset = default_placement(stack)
        height, width = stack.overlay.shape[:2]
        rows, columns = stack.spatial_shape
        return cls((height, width), (rows, columns), (stride[0], stride[1]), (offset[0], offset[1]))

    @property
    def coarseness(self) -> float:
        """How many pixels of the image a pixel of the stack is long, along the shorter side."""
        return min(map(abs, self.stride))

    def positions(self, axis: int) -> NDArray[np.float64]:
        """Return where the image's rows or columns lie among the stack's; these are whole numbers.

        Parameters
        ----------
        axis : {0, 1}
            0 for rows, 1 for columns.
        """
        numbers = np.arange(self.image_shape[axis], dtype=np.float64)
        return (numbers - self.offset[axis]) / self.stride[axis]

    def reaches(self, axis: int) -> NDArray[np.bool_]:
        """Return which rows or columns of the image the stack's pixels cover."""
        positions = self.positions(axis)
        slack = 1e-9  # of positions by division
        return (positions >= -0.5 - slack) & (positions <= self.stack_shape[axis] - 0.5 + slack)

    def means(self, image: NDArray[Any]) -> NDArray[np.float32]:
        """Return the mean colour of the image in each pixel of the stack.

        Parameters
        ----------
        image : array, shape (height, width, channels)

        Returns
        -------
        array of float32, shape (rows, columns, channels)
            Of a pixel beside the image, the colour of the border next to it.
        """
        down, across = self._shares(0), self._shares(1)
        rows = np.zeros((len(down), *image.shape[1:]), np.float32)
        for start in range(0, len(image), _ROWS):
            block = slice(start, start + _ROWS)
            rows += np.tensordot(down[:, block], image[block].astype(np.float32), (1, 0))
        return np.ascontiguousarray(np.tensordot(rows, across, (1, 1)).swapaxes(1, 2))

    def _shares(self, axis: int) -> NDArray[np.float32]:
        """Return how much of each pixel of the stack lies on each row or column of the image."""
        count, stride = self.image_shape[axis], abs(self.stride[axis])
        middles = np.arange(self.stack_shape[axis]) * self.stride[axis] + self.offset[axis]
        middles = np.clip(middles, 0.0, count - 1.0)[:, np.newaxis]
        edges = np.arange(count) - 0.5
        overlaps = np.minimum(edges + 1.0, middles + stride / 2.0)
        overlaps -= np.maximum(edges, middles - stride / 2.0)
        shares = np.maximum(overlaps, 0.0)
        shares /= shares.sum(axis=1, keepdims=True)
        normalised: NDArray[np.float32] = shares.astype(np.float32)
        return normalised
