"""Makes the picture of a stack step by step."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.grid import Pixel
from napari_ifealid.picture.channels import channels_of
from napari_ifealid.picture.kinds import PictureKind
from napari_ifealid.picture.planes import Plane
from napari_ifealid.picture.stretch import coloured
from napari_ifealid.stack import FeatureStack

LARGEST = 2048
"""Pixels along each side of a picture: more don't fit on a screen."""

_MOST_VALUES = 1 << 26  # of all channels: 256 MB


class PictureMaker:
    """Makes the picture of a stack, or of a plane of it, block by block.

    Larger ones are made of fewer pixels.

    Parameters
    ----------
    stack : FeatureStack
    kind : PictureKind
        A possible one, see `possible_kinds`.
    position : tuple of int, optional
        Index along each spatial axis before the last two; the middle unless given.
    """

    def __init__(
        self, stack: FeatureStack, kind: PictureKind, position: Pixel | None = None
    ) -> None:
        channels = channels_of(stack, kind)
        assert channels is not None
        self._channels = channels
        if position is None:
            position = tuple(length // 2 for length in stack.spatial_shape[:-2])
        most = min(LARGEST, int((_MOST_VALUES / len(channels.colours)) ** 0.5))
        height, width = (min(length, most) for length in stack.spatial_shape[-2:])
        self._plane = Plane(stack, channels, position, (height, width))

    def __len__(self) -> int:
        """Return how many steps there are."""
        return len(self._plane) + 1

    def steps(self) -> Generator[float | NDArray[np.uint8]]:
        """Yield how much is done, 0 to 1, after each block, then the picture. Only once.

        Yields
        ------
        float or array of uint8, shape (h, w, 4)
            RGBA, black and transparent where values are missing. The outer edges of the picture
            are those of the stack's last two axes.
        """
        plane = self._plane
        for number in range(len(plane)):
            plane.read(number)
            yield (number + 1) / len(plane)
        yield coloured(plane.values, self._channels)


def stack_picture(
    stack: FeatureStack, kind: PictureKind, position: Pixel | None = None
) -> NDArray[np.uint8]:
    """Return the picture of a stack, or of a plane of it, see `PictureMaker`.

    Parameters
    ----------
    stack : FeatureStack
    kind : PictureKind
        A possible one, see `possible_kinds`.
    position : tuple of int, optional
        Index along each spatial axis before the last two; the middle unless given.

    Returns
    -------
    array of uint8, shape (h, w, 4)
        RGBA, black and transparent where values are missing.
    """
    *_, picture = PictureMaker(stack, kind, position).steps()
    assert not isinstance(picture, float)
    return picture
