"""Which reference of a query each pixel is most similar to."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.engine import Engine, whole_map
from napari_ifealid.grid import Region, region_shape
from napari_ifealid.query import Query, Rule

NO_CLASS = -1
"""Number of a pixel that has no value: it is not finite, or no reference is."""


@dataclass(frozen=True, eq=False)
class Classes:
    """The most similar reference of each pixel.

    Parameters
    ----------
    numbers : array of int16
        Its number in the query, from 0; the first of several that are equally similar; `NO_CLASS`
        where there is none.
    values : array of float32, same shape
        The similarity to it.
    """

    numbers: NDArray[np.int16]
    values: NDArray[np.float32]


def classes_of(engine: Engine, query: Query, region: Region) -> Classes:
    """Return which reference of a query each pixel of a region is most similar to.

    Parameters
    ----------
    engine : Engine
    query : Query
        Each of its references is a class, whatever the rule and their signs.
    region : tuple of slice

    Returns
    -------
    Classes
        Of the region's shape.
    """
    numbers = np.full(region_shape(region), NO_CLASS, np.int16)
    best = np.full(region_shape(region), np.nan, np.float32)
    for number, reference in enumerate(query.references):
        alone = Query((replace(reference, sign=1),), Rule.BEST, query.measure)
        values = whole_map(engine.parts(alone, region), region)
        is_better = (values > best) | (np.isnan(best) & ~np.isnan(values))
        numbers[is_better] = number
        best[is_better] = values[is_better]
    return Classes(numbers, best)
