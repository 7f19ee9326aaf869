"""A reference that is a single pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.grid import Pixel
from napari_ifealid.query import Origin, Reference


@dataclass(frozen=True)
class PixelReference:
    """A pixel whose vector is a reference.

    Parameters
    ----------
    pixel : tuple of int
    label : str
    origin : Origin
    sign : {1, -1}
        1: pixels like it are looked for; -1: pixels unlike it.
    colour : str
        As in ``"#e69f00"``; empty if it has none.
    """

    pixel: Pixel
    label: str = ""
    origin: Origin = Origin.CURSOR
    sign: int = 1
    colour: str = ""

    @property
    def key(self) -> Pixel:
        """Key of the pixel: references with equal keys have equal vectors in one stack."""
        return self.pixel

    def with_vector(self, vector: NDArray[np.float64]) -> Reference:
        """Return the reference, once its vector is known."""
        return Reference(vector, self.sign, self.label, self.origin, self.colour)
