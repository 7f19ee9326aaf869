"""Pixels of a drawn map that are compared with the CPU's values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines import EngineUnavailableError
from napari_ifealid.measures import Measure
from napari_ifealid.sharpening.sharp_query import SharpQuery
from napari_ifealid.sharpening.sharp_terms import FormTerms
from napari_ifealid.sharpening.weights import Weights

_WRONG = 1e-3  # more than rounding can do


def values_at(
    numbers: NDArray[np.intp],
    weights: Weights,
    terms: FormTerms,
    query: SharpQuery,
    measure: Measure,
) -> NDArray[np.float32]:
    """Return the values of a few pixels of an image, computed on the CPU.

    Parameters
    ----------
    numbers : array of int, shape (N,)
        Of the pixels, in C order.
    weights : Weights
    terms : FormTerms
        Of the whole image.
    query : SharpQuery
        With products.
    measure : Measure

    Returns
    -------
    array of float32, shape (N,)
    """
    terms = terms.flat.at((numbers,))
    sums = (weights.rows(numbers) @ query.products.T + query.offsets).max(axis=1)
    values = query.values_of(sums * terms.factor + terms.shift, terms)
    if query.has_zero:
        values[terms.is_zero] = measure.limits[1]
    values[terms.is_invalid] = np.nan
    return values


def raise_if_off(drawn: NDArray[np.float32], expected: NDArray[np.float32]) -> None:
    """Raise unless drawn values are those of the CPU: a driver may draw nonsense without an error.

    Parameters
    ----------
    drawn, expected : array of float32, shape (N,)

    Raises
    ------
    EngineUnavailableError
        If one differs by more than rounding can do.
    """
    with np.errstate(invalid="ignore"):  # infinities
        differences = np.abs(drawn - expected)
        agree = differences < _WRONG * np.maximum(1.0, np.abs(expected))
    agree |= (drawn == expected) | (np.isnan(drawn) & np.isnan(expected))
    if not agree.all():
        raise EngineUnavailableError(f"its map is off by {differences[~agree].max():.2g}")
