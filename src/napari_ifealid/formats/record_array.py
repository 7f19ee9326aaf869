"""An array in a file whose parts along the first axis lie apart from each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.formats.file_array import FileArray


@dataclass(frozen=True, eq=False)
class RecordArray:
    """Records of a file as an array. Can be pickled: other processes read the file themselves.

    Parameters
    ----------
    first : FileArray
        The first record.
    count : int
        Of records, the length of the first axis.
    step : int
        Bytes from the start of a record to that of the next one.
    """

    first: FileArray
    count: int
    step: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of its axes."""
        return (self.count, *self.first.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of what is read, of this machine's byte order."""
        return self.first.dtype

    def __getitem__(self, index: tuple[Any, ...]) -> NDArray[Any]:
        """Read a part: the index has a slice of step 1 or an int for each axis."""
        part, *others = index
        if isinstance(part, Integral):
            return self._record(int(part))[tuple(others)]
        records = [self._record(n)[tuple(others)] for n in range(*part.indices(self.count))]
        if records:
            return np.stack(records)
        return self.first[tuple(others)][np.newaxis][:0]

    def _record(self, number: int) -> FileArray:
        return replace(self.first, start=self.first.start + number * self.step)
