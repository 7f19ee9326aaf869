"""The area of an image that a map of features covers."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.layers import default_placement
from napari_ifealid.stack import FeatureStack, Placement


@dataclass(frozen=True)
class MapArea:
    """The area of an image that a map of features covers, in whole pixels of the image.

    It may reach beyond the image, where a network has padded it, and may miss some of its pixels.

    Parameters
    ----------
    rows, columns : range
        Of pixels, those of the image from 0 on.
    image_shape : (int, int)
        Height and width of the image, in pixels.
    """

    rows: range
    columns: range
    image_shape: tuple[int, int]

    @classmethod
    def of(cls, stack: FeatureStack) -> MapArea:
        """Return the area of a stack with two spatial axes and an overlay, to half a pixel."""
        assert stack.overlay is not None
        strides, offsets = default_placement(stack)
        height, width = stack.overlay.shape[:2]
        rows, columns = (
            _pixels(stride, offset, count)
            for stride, offset, count in zip(strides, offsets, stack.spatial_shape, strict=True)
        )
        return cls(rows, columns, (height, width))

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width, in pixels."""
        return len(self.rows), len(self.columns)

    @property
    def on_image(self) -> tuple[slice, slice]:
        """Which of its pixels are pixels of the image."""
        y, x = (
            slice(max(0, -pixels.start), max(0, min(pixels.stop, length) - pixels.start))
            for pixels, length in zip((self.rows, self.columns), self.image_shape, strict=True)
        )
        return y, x

    @property
    def in_image(self) -> tuple[slice, slice]:
        """Which pixels of the image are pixels of the area."""
        y, x = (
            slice(max(0, pixels.start), max(0, min(pixels.stop, length)))
            for pixels, length in zip((self.rows, self.columns), self.image_shape, strict=True)
        )
        return y, x

    def cut_out(self, image: NDArray[Any]) -> NDArray[Any]:
        """Return the area of an image, with copies of the edge pixels beyond it.

        Parameters
        ----------
        image : array, shape (H, W, ...)
        """
        height, width = self.image_shape
        rows = np.clip(self.rows, 0, height - 1)
        columns = np.clip(self.columns, 0, width - 1)
        area: NDArray[Any] = image[np.ix_(rows, columns)]
        return area


def finer_placement(stack: FeatureStack, shape: tuple[int, int]) -> Placement:
    """Return the place of so many pixels over the same area as those of a stack.

    Parameters
    ----------
    stack : FeatureStack
        With two spatial axes.
    shape : (int, int)
        Number of pixels along y and x.
    """
    strides, offsets = default_placement(stack)
    ratios = [old / new for old, new in zip(stack.spatial_shape, shape, strict=True)]
    y, x = (
        (stride * ratio, offset + stride * (ratio - 1.0) / 2.0)
        for stride, offset, ratio in zip(strides, offsets, ratios, strict=True)
    )
    return Placement((y[0], x[0]), (y[1], x[1]))


def _pixels(stride: float, offset: float, count: int) -> range:
    start = floor(offset - stride / 2.0 + 1.0)  # pixel i begins at i - 0.5; halves are rounded up
    return range(start, start + max(1, round(stride * count)))
