"""Weights by the distance of pixels and by the likeness of their colours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.sharpening.alignment import Alignment
from napari_ifealid.sharpening.weights import Weights

_REACH = 2  # pixels of the stack to each side: a window of 5 × 5
_BLOCK = 1 << 15  # pixels of the image whose taps stay in a core's cache


@dataclass(frozen=True)
class Sharpness:
    """How weights fall.

    The defaults end masks at outlines, see benchmarks/outlines.py. A wider Gaussian of the distance
    averages more, but loses objects a few pixels of the stack wide.

    Parameters
    ----------
    space : float
        Standard deviation of the Gaussian of the distance, in pixels of the stack.
    colour : float
        The same of the Gaussian of the difference of colours, whose channels run from 0 to 1.
    taps : int
        So many of the 25 pixels around are kept, those of the largest weights.
    """

    space: float = 1.0
    colour: float = 0.12
    taps: int = 9


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
        taps = min(self._sharpness.taps, (2 * _REACH + 1) ** 2)
        return Weights.empty(taps, self._alignment.image_shape, rows * columns)

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
        logarithms, taps = self._logarithms(pixels, near, exact)
        logarithms[:, ~has_vector] = -np.inf
        kept = weights.taps
        if kept < len(logarithms):
            order = np.argpartition(-logarithms, kept - 1, axis=0)[:kept]
            logarithms = np.take_along_axis(logarithms, order, 0)
            taps = np.take_along_axis(taps, order, 0)
        # the largest weight is 1: else all vanish where no pixel around is of a like colour
        largest = logarithms.max(axis=0)
        is_void = np.isneginf(largest)
        shares = np.exp(logarithms - np.where(is_void, np.float32(0), largest))
        shares /= np.where(is_void, np.float32(1), shares.sum(axis=0))
        weights.set(rows, columns, taps, shares)

    def _logarithms(
        self,
        pixels: NDArray[np.float32],
        near: list[NDArray[np.intp]],
        exact: list[NDArray[np.float64]],
    ) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
        """Return the logarithms of the weights of all taps, and which pixels these are."""
        means, sharpness = self._guide(), self._sharpness
        height, width = self._alignment.stack_shape
        steps = range(-_REACH, _REACH + 1)
        count = len(steps) ** 2
        logarithms = np.empty((count, *pixels.shape[:2]), np.float32)
        taps = np.empty(logarithms.shape, np.intp)
        by_colour = np.float32(-0.5 / sharpness.colour**2)
        number = 0
        for down in steps:
            rows = near[0] + down
            is_row = (rows >= 0) & (rows < height)
            rows = np.clip(rows, 0, height - 1)
            for across in steps:
                columns = near[1] + across
                is_column = (columns >= 0) & (columns < width)
                columns = np.clip(columns, 0, width - 1)
                at = np.ix_(rows, columns)
                difference = pixels - means[at]
                colour = np.einsum("yxc,yxc->yx", difference, difference)
                away = [near[0] + down - exact[0], near[1] + across - exact[1]]
                space = [(-0.5 / sharpness.space**2 * one**2).astype(np.float32) for one in away]
                one = logarithms[number]
                np.multiply(colour, by_colour, out=one)
                one += space[0][:, np.newaxis] + space[1]
                one[~(is_row[:, np.newaxis] & is_column & self._is_known[at])] = -np.inf
                taps[number] = rows[:, np.newaxis] * width + columns
                number += 1
        return logarithms, taps

    def _guide(self) -> NDArray[np.float32]:
        if self._means is None:
            self._means = self._alignment.means(self._image.astype(np.float32) / np.float32(255.0))
        return self._means
