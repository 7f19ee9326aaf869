"""Weights by the distance of pixels and by the likeness of their colours."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.sharpening.alignment import Alignment
from napari_ifealid.sharpening.weights import Weights
from napari_ifealid.sharpness import Sharpness

_REACH = 2  # pixels of the stack to each side
_SIDE = 2 * _REACH + 1  # of the window
_BLOCK = 1 << 12  # pixels of the image whose windows stay in a core's cache


class JointBilateral:
    """Makes the weights of joint bilateral up-sampling, block by block.

    The weight of pixel q of the stack for pixel p of the image is the product of two Gaussians: of
    their distance, and of the difference between the colour of p and the mean colour of the image
    in q (Kopf, Cohen, Lischinski & Uyttendaele 2007, "Joint bilateral upsampling",
    doi 10.1145/1276377.1276497).

    Parameters
    ----------
    image : array of uint8, shape (height, width, 3)
    alignment : Alignment
    is_known : array of bool, shape (rows, columns)
        Which pixels of the stack have a vector. The others get no weight, and what lies in them
        has no vector either.
    sharpness : Sharpness
    """

    def __init__(
        self,
        image: NDArray[np.uint8],
        alignment: Alignment,
        is_known: NDArray[np.bool_],
        sharpness: Sharpness,
    ) -> None:
        self._image = image
        self._alignment = alignment
        self._is_known = is_known
        self._sharpness = sharpness
        self._lock = Lock()
        self._means: NDArray[np.float32] | None = None
        self._positions = [alignment.positions(axis) for axis in (0, 1)]
        self._nearest = [
            np.clip(np.rint(positions).astype(np.intp), 0, count - 1)
            for positions, count in zip(self._positions, alignment.stack_shape, strict=True)
        ]

    @property
    def block_height(self) -> int:
        """Rows of the image that are filled at once."""
        return max(1, _BLOCK // self._alignment.image_shape[1])

    def empty(self) -> Weights:
        """Return weights of the whole image that are still to be filled."""
        rows, columns = self._alignment.stack_shape
        return Weights.empty(self._sharpness.kept, self._alignment.image_shape, rows * columns)

    def blocks(self) -> Iterator[slice]:
        """Yield the rows of the image, as many at once as are filled at once."""
        height = self._alignment.image_shape[0]
        for start in range(0, height, self.block_height):
            yield slice(start, min(start + self.block_height, height))

    def fill(self, weights: Weights, rows: slice, columns: slice = slice(None)) -> None:
        """Fill the weights of some pixels of the image. May be called in several threads.

        Parameters
        ----------
        weights : Weights
            Of the whole image.
        rows, columns : slice
        """
        near = [self._nearest[0][rows], self._nearest[1][columns]]
        exact = [self._positions[0][rows], self._positions[1][columns]]
        reached = [self._alignment.reaches(0)[rows], self._alignment.reaches(1)[columns]]
        has_vector = reached[0][:, np.newaxis] & reached[1] & self._is_known[np.ix_(*near)]
        pixels = self._image[rows, columns].astype(np.float32) / np.float32(255.0)
        falls = self._falls(pixels, near, exact)
        falls[:, ~has_vector] = np.inf
        kept = np.argpartition(falls, weights.taps - 1, axis=0)[: weights.taps].astype(np.int32)
        falls = np.take_along_axis(falls, kept, 0)
        # the largest weight is 1: else all vanish where no pixel around is of a like colour
        least = falls.min(axis=0)
        least[np.isinf(least)] = 0.0
        shares = np.exp(least - falls)
        totals = shares.sum(axis=0)
        shares /= np.where(totals == 0.0, np.float32(1), totals)
        weights.set(rows, columns, self._taps(kept, near), shares)

    def _falls(
        self,
        pixels: NDArray[np.float32],
        near: list[NDArray[np.intp]],
        exact: list[NDArray[np.float64]],
    ) -> NDArray[np.float32]:
        """Return the logarithms of the weights of the window's pixels, with the sign changed."""
        means, sharpness = self._guide(), self._sharpness
        height, width = self._alignment.stack_shape
        falls = np.empty((_SIDE**2, *pixels.shape[:2]), np.float32)
        by_colour, by_space = 0.5 / sharpness.colour**2, 0.5 / sharpness.space**2
        for number, one in enumerate(falls):
            rows, columns = (
                middle + step - _REACH
                for middle, step in zip(near, divmod(number, _SIDE), strict=True)
            )
            away = [rows - exact[0], columns - exact[1]]
            space = [(by_space * distance**2).astype(np.float32) for distance in away]
            is_inside = ((rows >= 0) & (rows < height))[:, np.newaxis]
            is_inside = is_inside & ((columns >= 0) & (columns < width))
            at = np.ix_(np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1))
            difference = pixels - means[at]
            np.einsum("yxc,yxc->yx", difference, difference, out=one)
            one *= np.float32(by_colour)
            one += space[0][:, np.newaxis] + space[1]
            one[~(is_inside & self._is_known[at])] = np.inf
        return falls

    def _taps(self, kept: NDArray[np.int32], near: list[NDArray[np.intp]]) -> NDArray[np.int32]:
        """Return which pixels of the stack those of the window are."""
        height, width = self._alignment.stack_shape
        rows, columns = (middle.astype(np.int32) - np.int32(_REACH) for middle in near)
        taps = np.clip(rows[:, np.newaxis] + kept // np.int32(_SIDE), 0, height - 1)
        taps *= np.int32(width)
        taps += np.clip(columns + kept % np.int32(_SIDE), 0, width - 1)
        return taps

    def _guide(self) -> NDArray[np.float32]:
        with self._lock:  # else each thread makes its own
            if self._means is None:
                self._means = self._alignment.means(self._image) / np.float32(255.0)
            return self._means
