"""Values of queries that ask for one thing and not for another."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.query import Query


def joined(query: Query, values_of: Callable[[Query], NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the values of a query of any rule from those of queries of positive signs.

    Parameters
    ----------
    query : Query
    values_of : callable
        `values_of(query)`: the values of a query without negative signs, a new array.
    """
    values = values_of(query.like)
    if query.unlike is not None:
        low, high = query.measure.limits
        values -= values_of(query.unlike)
        values *= np.float32(0.5)
        values += np.float32((low + high) / 2.0)
    return values
