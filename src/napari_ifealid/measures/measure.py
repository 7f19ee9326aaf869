"""The definition of a measure, by which two vectors are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Definition = Callable[[NDArray[Any], NDArray[Any]], NDArray[np.float64]]
"""`function(vectors, reference)`: values of shape (...) for vectors of shape (..., C)."""


class Preparation(Enum):
    """Preparation of vectors by an engine before it multiplies them."""

    UNIT_LENGTH = "unit length"


@dataclass(frozen=True)
class Measure:
    """How two vectors are compared, and all that an engine needs to compute it.

    Two measures of the same name are the same.

    Parameters
    ----------
    name : str
        The field's term, for the user.
    limits : (float, float)
        The smallest and the largest value that there is. Identical vectors have the largest.
    preparation : Preparation
        What engines do to the vectors first.
    definition : callable
        `definition(vectors, reference)`, in float64: what every engine is tested against.
    contributions : callable
        `contributions(vector, reference)`: how much each feature adds to the value, array of shape
        (C,), for the order of the features in the chart.
    from_cosines : callable
        Turns an array of float32 with the dot products of prepared vectors into values, in place.
    from_squared_chords : callable
        Returns the values for squared distances of prepared vectors, an array of float32. Used
        where vectors are so close that their dot product has lost its digits.
    shader : str
        The GLSL file with the twin of `from_squared_chords`.
    """

    name: str
    limits: tuple[float, float]
    preparation: Preparation
    definition: Definition
    contributions: Definition
    from_cosines: Callable[[NDArray[np.float32]], None]
    from_squared_chords: Callable[[NDArray[np.float32]], NDArray[np.float32]]
    shader: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Measure) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)
