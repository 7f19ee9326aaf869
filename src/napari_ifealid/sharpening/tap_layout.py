"""How the taps of weights are laid out in textures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines import EngineUnavailableError
from napari_ifealid.sharpening.weights import Weights

_REACH = 16  # rows and columns of the stack that the taps of a pixel may lie in
_MOST_BYTES = 1 << 28  # of a texture: some drivers refuse those of gigabytes
_TEXEL_BYTES = 16


@dataclass(frozen=True)
class TapLayout:
    """The place of an image's pixels in blocks of whole rows, all of one height.

    The texels of a pixel lie one below the other in a texture, as far apart as a block is high. Of
    their numbers, four each, the first two are the column and the row where the pixel's taps start
    in the stack. Each of the others is a tap: 256 times the weight, plus 16 times the row and the
    column from there, which float32 holds exactly.

    Parameters
    ----------
    taps : int
    image_shape, stack_shape : (int, int)
        Height and width in pixels.
    height : int
        Of a block, in rows.
    """

    taps: int
    image_shape: tuple[int, int]
    stack_shape: tuple[int, int]
    height: int

    @classmethod
    def of(cls, weights: Weights, stack_shape: tuple[int, int], max_side: int) -> TapLayout:
        """Lay out weights in textures no side of which exceeds ``max_side`` texels.

        Parameters
        ----------
        weights : Weights
        stack_shape : (int, int)
        max_side : int

        Raises
        ------
        EngineUnavailableError
            If the image or the stack is too wide for a texture, or the stack too high.
        """
        texels = _texels_of(weights.taps)
        longest = max(*stack_shape, weights.image_shape[1], texels)
        if longest > max_side:
            raise EngineUnavailableError(f"{longest} pixels do not fit a texture of {max_side}")
        rows, width = weights.image_shape
        most = min(rows, max_side // texels, _MOST_BYTES // (_TEXEL_BYTES * texels * width))
        count = -(-rows // max(1, most))
        return cls(weights.taps, weights.image_shape, stack_shape, -(-rows // count))

    @property
    def texels(self) -> int:
        """Texels of a pixel."""
        return _texels_of(self.taps)

    @property
    def blocks(self) -> list[slice]:
        """The rows of the image in each block."""
        rows = self.image_shape[0]
        starts = range(0, rows, self.height)
        return [slice(start, min(start + self.height, rows)) for start in starts]

    @property
    def texture_shape(self) -> tuple[int, int, int]:
        """The shape of a block's taps in a texture."""
        return self.texels * self.height, self.image_shape[1], 4

    @property
    def terms_shape(self) -> tuple[int, int, int]:
        """The shape of a block's terms in a texture."""
        return self.height, self.image_shape[1], 4

    @property
    def texture_bytes(self) -> int:
        """Bytes of all textures of taps and of terms."""
        pixels = len(self.blocks) * self.height * self.image_shape[1]
        return pixels * _TEXEL_BYTES * (self.texels + 1)

    def packed(self, weights: Weights, rows: slice) -> NDArray[np.float32]:
        """Return the taps of some rows of the image.

        Parameters
        ----------
        weights : Weights
        rows : slice

        Returns
        -------
        array of float32, shape (texels, h, width, 4)

        Raises
        ------
        EngineUnavailableError
            If the taps of a pixel lie too far apart.
        """
        down, across = np.divmod(weights.columns[rows].astype(np.int32), self.stack_shape[1])
        first, left = (numbers.min(axis=-1, keepdims=True) for numbers in (down, across))
        down -= first
        across -= left
        if max(down.max(), across.max()) >= _REACH:
            raise EngineUnavailableError(f"taps of a pixel are {_REACH} pixels apart or more")
        numbers = np.zeros((*down.shape[:2], 4 * self.texels), np.float32)
        numbers[..., :1], numbers[..., 1:2] = left, first
        taps = (weights.values[rows].astype(np.int32) << 8) + (down << 4) + across
        numbers[..., 2 : 2 + self.taps] = taps
        texels = numbers.reshape(*down.shape[:2], self.texels, 4)
        return np.ascontiguousarray(np.moveaxis(texels, 2, 0))


def _texels_of(taps: int) -> int:
    return -(-(taps + 2) // 4)
