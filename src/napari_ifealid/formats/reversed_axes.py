"""A stored array with its axes in the reverse order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.formats.features_last import StoredArray


@dataclass(frozen=True, eq=False)
class ReversedAxes:
    """A stored array as programs see it whose first axis runs fastest.

    Parameters
    ----------
    array : StoredArray
        As it is in the file.
    """

    array: StoredArray

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of its axes."""
        return self.array.shape[::-1]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of its values."""
        return self.array.dtype

    def __getitem__(self, index: tuple[Any, ...]) -> NDArray[Any]:
        """Read a part: the index has a slice of step 1 or an int for each axis."""
        return self.array[index[::-1]].T
