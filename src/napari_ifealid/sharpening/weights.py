"""Which pixels of a stack each pixel of its image is made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

ONE = 65535
"""What stands for a weight of 1."""


@dataclass(frozen=True, eq=False)
class Weights:
    """A sparse matrix with as many entries, or taps, in each row: W of the up-sampled features W F.

    Row p is a pixel of the image, a column one of the stack, both counted in C order. The
    up-sampled vector of p is the sum of ``values[p, k] · F[columns[p, k]]`` over the taps k,
    divided by `ONE`: a map takes as long as the weights take to be read, so they have 16 bits.

    Parameters
    ----------
    columns : array of unsigned int, shape (height, width, K)
    values : array of uint16, shape (height, width, K)
        Those of a pixel add up to `ONE`, or are all zero where it has no vector.
    stack_pixels : int
        Number of pixels of the stack.
    """

    columns: NDArray[np.unsignedinteger]
    values: NDArray[np.uint16]
    stack_pixels: int

    @classmethod
    def empty(cls, taps: int, image_shape: tuple[int, int], stack_pixels: int) -> Weights:
        """Return weights still to be filled.

        Parameters
        ----------
        taps : int
        image_shape : (int, int)
        stack_pixels : int
            How many there are.
        """
        shape = (*image_shape, taps)
        columns = np.zeros(shape, column_dtype(stack_pixels))
        return cls(columns, np.zeros(shape, np.uint16), stack_pixels)

    def set(
        self,
        rows: slice,
        columns: slice,
        taps: NDArray[np.integer],
        shares: NDArray[np.floating],
    ) -> None:
        """Set the taps of some pixels of the image.

        Parameters
        ----------
        rows, columns : slice
        taps : array of int, shape (K, h, w)
            Pixels of the stack.
        shares : array of float, shape (K, h, w)
            Those of a pixel add up to 1, or are all zero. What is rounded goes to the largest.
        """
        first = shares.argmax(axis=0)[np.newaxis]
        values = np.rint(shares * np.float32(ONE)).astype(np.int32)
        missing = np.where(shares.any(axis=0), ONE - values.sum(axis=0), 0)
        largest = np.take_along_axis(values, first, 0)
        np.put_along_axis(values, first, largest + missing, 0)
        # a tap that counts for nothing may have no vector
        taps = np.where(values > 0, taps, np.take_along_axis(taps, first, 0))
        self.values[rows, columns] = np.moveaxis(values, 0, -1)
        self.columns[rows, columns] = np.moveaxis(taps, 0, -1)

    @property
    def taps(self) -> int:
        """Number of taps, K."""
        return int(self.values.shape[2])

    @property
    def image_shape(self) -> tuple[int, int]:
        """Height and width of the image, in pixels."""
        return self.values.shape[0], self.values.shape[1]

    def rows(self, pixels: slice | NDArray[np.intp], among: slice | None = None) -> csr_array:
        """Return rows of the matrix, a copy in float64.

        Parameters
        ----------
        pixels : slice or array of int
            Numbers of pixels of the image, in C order.
        among : slice, optional
            The columns, which hold all entries; all of them unless given.
        """
        among = slice(0, self.stack_pixels) if among is None else among
        columns = self.columns.reshape(-1, self.taps)[pixels].ravel().astype(np.int32)
        values = self.values.reshape(-1, self.taps)[pixels].ravel() / ONE
        starts = np.arange(0, len(columns) + 1, self.taps, dtype=np.int32)
        shape = len(starts) - 1, among.stop - among.start
        return csr_array((values, columns - np.int32(among.start), starts), shape=shape)

    def reach(self, pixels: slice | NDArray[np.intp]) -> slice:
        """Return a range of the stack's pixels that holds all taps of some of the image's."""
        columns = self.columns.reshape(-1, self.taps)[pixels]
        return slice(int(columns.min()), int(columns.max()) + 1)

    @cached_property
    def is_void(self) -> NDArray[np.bool_]:
        """Which pixels of the image have no vector, shape (height, width)."""
        return np.logical_not(self.values.any(axis=-1))

    @property
    def memory(self) -> int:
        """Bytes of the arrays."""
        return self.columns.nbytes + self.values.nbytes


def column_dtype(stack_pixels: int) -> np.dtype[np.unsignedinteger]:
    """Return the type that numbers the pixels of a stack: a map reads as many bytes as it has."""
    return np.dtype(np.uint16 if stack_pixels <= 1 << 16 else np.uint32)


def weights_memory(taps: int, image_pixels: int, stack_pixels: int) -> int:
    """Return how many bytes weights take.

    Parameters
    ----------
    taps, image_pixels, stack_pixels : int
        How many there are.
    """
    return taps * image_pixels * (2 + column_dtype(stack_pixels).itemsize)
