"""An entry of a library: a vector with a name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError
from napari_ifealid.grid import Pixel, Place


@dataclass(frozen=True, eq=False)
class LibraryEntry:
    """A vector with a name, and where it comes from.

    Parameters
    ----------
    vector : array, shape (C,)
        Real values, one for each feature of the library.
    name : str, optional
    pixel : tuple of int, optional
        The pixel that it was, an index along each spatial axis of its stack.
    place : tuple of float, optional
        Where that pixel lies in the world.
    source : str, optional
        What it was taken from, such as the name of a stack.

    Raises
    ------
    DatasetError
        If the vector has not one axis.
    """

    vector: NDArray[np.float64]
    name: str = ""
    pixel: Pixel | None = None
    place: Place | None = None
    source: str = ""

    def __post_init__(self) -> None:
        vector = np.array(self.vector, np.float64)
        if vector.ndim != 1:
            raise DatasetError(
                f"an entry of shape {vector.shape}",
                expected="one value for each feature, (C,)",
                remedy="Give the vector of a single pixel.",
            )
        vector.flags.writeable = False
        object.__setattr__(self, "vector", vector)
        if self.pixel is not None:
            object.__setattr__(self, "pixel", tuple(int(x) for x in self.pixel))
        if self.place is not None:
            object.__setattr__(self, "place", tuple(float(x) for x in self.place))
