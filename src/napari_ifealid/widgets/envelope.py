"""The smallest and the largest of many values per column of the screen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def column_starts(
    centres: Floats, left: float, right: float, columns: float
) -> NDArray[np.intp] | None:
    """Return where the features of each column begin, if columns have several of them.

    Parameters
    ----------
    centres : array, shape (C,)
        Where features lie, rising.
    left, right : float
        What is shown.
    columns : float
        How many columns that takes.

    Returns
    -------
    array of int, shape (K,), or None
        Index of the first feature of each column that has any, also of those that are not shown.
        None where there are no more features than columns.
    """
    seen = np.searchsorted(centres, (left, right))
    if seen[1] - seen[0] <= columns or right <= left:
        return None
    numbers = np.floor((centres - left) * (columns / (right - left)))
    return np.flatnonzero(np.diff(numbers, prepend=-np.inf))


def envelope(values: Floats, starts: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Return the smallest and the largest value of each column.

    Parameters
    ----------
    values : array, shape (C,)
        NaN is left out.
    starts : array of int, shape (K,)
        As `column_starts` returns them.

    Returns
    -------
    low, high : array, shape (K,)
        NaN where a column has nothing else.
    """
    return np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)


def outline(edges: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Return the outlines of all that lies between two step functions.

    Parameters
    ----------
    edges : array, shape (K + 1,)
        Ends of the steps.
    low, high : array, shape (K,)
        NaN leaves a gap.

    Returns
    -------
    x, y : array
        Corners of a closed outline for each piece without a gap, with NaN between two of them.
    """
    known = np.isfinite(low)
    turns = np.flatnonzero(np.diff(known, prepend=False, append=False))
    pieces = [
        _closed(edges[first : last + 1], low[first:last], high[first:last])
        for first, last in zip(turns[::2], turns[1::2], strict=True)
    ]
    gap = np.full((2, 1), np.nan)
    parts = [part for piece in pieces for part in (piece, gap)][:-1]
    x, y = np.concatenate(parts, axis=1) if parts else np.empty((2, 0))
    return x, y


def _closed(edges: Floats, low: Floats, high: Floats) -> Floats:
    ends = np.repeat(edges, 2)[1:-1]
    upper, lower = np.repeat(high, 2), np.repeat(low, 2)
    x = np.concatenate([ends, ends[::-1], ends[:1]])
    return np.stack([x, np.concatenate([upper, lower[::-1], upper[:1]])])
