"""The definition of a measure, by which two vectors are compared."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures.background import Background
from napari_ifealid.measures.kernels import Kernel
from napari_ifealid.measures.scale import SIMILARITY, Scale
from napari_ifealid.measures.used_features import UsedFeatures

Definition = Callable[..., NDArray[np.float64]]
"""`function(vectors, reference)`, or `function(vectors, reference, background)` of a measure that
needs one: values of shape (...) for vectors of shape (..., C)."""


class Needs(Enum):
    """Statistics of the stack that a measure needs beside the two vectors."""

    NOTHING = auto()
    SPREAD = auto()
    """The mean and how far the vectors lie from it."""

    COVARIANCE = auto()


@dataclass(frozen=True)
class Measure:
    """How two vectors are compared, and all that an engine needs to compute it.

    Two measures of the same name, over the same features, are the same.

    Parameters
    ----------
    name : str
        The field's term, for the user.
    summary : str
        What it tells, in a sentence for the user.
    limits : (float, float)
        The smallest and the largest value. Identical vectors have the largest. Unless the measure
        `is_bounded`, values may lie beyond.
    definition : callable
        `definition(vectors, reference)` in float64, with the background as a third argument where
        one is needed: what every engine is tested against. See `values`.
    contributions : callable
        `contributions(vector, reference)`: how much each feature adds to the value, array of shape
        (C,), for the order of the features in the chart.
    kernel : Kernel
        How engines compute it.
    needs : Needs
    is_bounded : bool
        Whether all values lie within the limits.
    scales : tuple of Scale
        How values can be told to the user: first as they are.
    features : UsedFeatures, optional
        Those that are compared, where not all are, see `over`.
    """

    name: str
    summary: str
    limits: tuple[float, float]
    definition: Definition
    contributions: Definition
    kernel: Kernel
    needs: Needs = Needs.NOTHING
    is_bounded: bool = True
    scales: tuple[Scale, ...] = (SIMILARITY,)
    features: UsedFeatures | None = None

    @property
    def key(self) -> Hashable:
        """Key of the measure: measures with equal keys are the same."""
        return self.name, self.features

    @property
    def title(self) -> str:
        """Its name; where it compares some features only, with how many."""
        return self.name if self.features is None else f"{self.name}, {self.features.summary}"

    def over(self, features: UsedFeatures | None) -> Measure:
        """Return the same measure of some features, or of all of them."""
        return self if features == self.features else replace(self, features=features)

    def values(
        self,
        vectors: NDArray[Any],
        reference: NDArray[Any],
        background: Background | None = None,
    ) -> NDArray[np.float64]:
        """Return the values of vectors by the definition, in float64.

        Parameters
        ----------
        vectors : array, shape (..., C)
        reference : array, shape (C,)
        background : Background, optional
            Of the stack that the vectors are of, and of the features that are used.

        Returns
        -------
        array of float64, shape (...)

        Raises
        ------
        ValueError
            If the measure needs a background.
        """
        if self.features is not None:
            vectors, reference = map(self.features.taken, (vectors, reference))
        if self.needs is Needs.NOTHING:
            return self.definition(vectors, reference)
        if background is None:
            raise ValueError(f"no background; the {self.name} needs the statistics of a stack")
        return self.definition(vectors, reference, background)

    def relevance(self, vector: NDArray[Any], reference: NDArray[Any]) -> NDArray[np.float64]:
        """Return how much each feature adds to the value; NaN for those that are not used.

        Parameters
        ----------
        vector, reference : array, shape (C,)

        Returns
        -------
        array of float64, shape (C,)
        """
        if self.features is None:
            return self.contributions(vector, reference)
        taken = map(self.features.taken, (vector, reference))
        return self.features.expanded(self.contributions(*taken), np.nan)

    def scale_like(self, other: Scale) -> Scale:
        """Return the scale of the same name as that of another measure; the first if none has."""
        return next((one for one in self.scales if one.name == other.name), self.scales[0])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Measure) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key)
