"""A reference that is the mean of several pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.grid import Pixel
from napari_ifealid.query import Origin, Reference


@dataclass(frozen=True, eq=False)
class RegionReference:
    """Pixels whose mean vector is a reference.

    Parameters
    ----------
    pixels : array of int, shape (N,)
        Numbers of one or more pixels in C order, rising.
    label : str
    origin : Origin
    sign : {1, -1}
        1: pixels like it are looked for; -1: pixels unlike it.
    colour : str
        As in ``"#e69f00"``; empty if it has none.
    """

    pixels: NDArray[np.intp]
    label: str = ""
    origin: Origin = Origin.REGION
    sign: int = 1
    colour: str = ""

    @cached_property
    def key(self) -> bytes:
        """Key of the pixels: references with equal keys have equal vectors in one stack."""
        return blake2b(np.ascontiguousarray(self.pixels).tobytes(), digest_size=16).digest()

    def middle(self, shape: Sequence[int]) -> Pixel:
        """Return the pixel of the region that is the nearest to its centroid.

        Parameters
        ----------
        shape : sequence of int
            Lengths of the spatial axes.
        """
        indices = np.array(np.unravel_index(self.pixels, tuple(shape)))
        distances = ((indices - indices.mean(axis=1, keepdims=True)) ** 2).sum(axis=0)
        return tuple(indices[:, distances.argmin()].tolist())

    def with_vector(self, vector: NDArray[np.float64]) -> Reference:
        """Return the reference, once its vector is known."""
        return Reference(vector, self.sign, self.label, self.origin, self.colour)
