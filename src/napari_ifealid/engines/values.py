"""Maps of every measure on the CPU."""

from __future__ import annotations

from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.divergence_values import DivergenceQuery, divergence_values
from napari_ifealid.engines.linear_query import LinearQuery
from napari_ifealid.engines.linear_values import linear_values
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.engines.prepared_query import PreparedQuery
from napari_ifealid.engines.stack_facts import StackFacts
from napari_ifealid.engines.unit_values import unit_values
from napari_ifealid.measures import Divergence, Linear, UnitLength
from napari_ifealid.query import Query


def values_of(
    pixels: PixelVectors, facts: StackFacts, query: Query, rows: slice
) -> NDArray[np.float32]:
    """Return the values of a query without negative signs for some pixels.

    Parameters
    ----------
    pixels : PixelVectors
    facts : StackFacts
        About these pixels.
    query : Query
    rows : slice

    Returns
    -------
    array of float32, shape (N,)
    """
    match query.measure.kernel:
        case UnitLength() as kernel:
            return unit_values(pixels, PreparedQuery.of(query, kernel), rows)
        case Linear() as kernel:
            background, terms = facts.of_linear(query.measure, kernel)
            linear = LinearQuery.of(query, kernel, background, pixels.unit)
            return linear_values(pixels, terms, linear, rows)
        case Divergence() as kernel:
            return divergence_values(pixels, DivergenceQuery.of(query, kernel), rows)
        case other:
            assert_never(other)
