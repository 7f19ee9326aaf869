"""The pixels that a shape covers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.float64]

_OPEN = ("line", "path")
_ON_THE_BORDER = 1e-9  # of a pixel; rounding errors of positions


def pixels_of_shape(kind: str, vertices: Positions, shape: Sequence[int]) -> NDArray[np.intp]:
    """Return the pixels of a grid that a shape covers.

    Of an area those whose centre it holds, border included; where it holds none, the pixel that
    its middle is in if it is smaller than a pixel, else those that its outline passes. Of a line
    those that it passes. A shape lies in a plane along two axes of the grid, and at one index along
    the others.

    Parameters
    ----------
    kind : {"rectangle", "polygon", "ellipse", "line", "path"}
    vertices : array, shape (N, n)
        Positions among the pixels, whose centres have whole numbers. Of an ellipse the corners of
        the parallelogram around it.
    shape : sequence of int, length n
        Lengths of the grid's axes.

    Returns
    -------
    array of int, shape (M,)
        Numbers of the pixels in C order, rising; empty where the shape is outside of the grid.
    """
    if not len(vertices) or not np.isfinite(vertices).all():
        return np.empty(0, np.intp)
    extents = np.ptp(vertices, axis=0)
    # of those of equal extents the last ones, which rows and columns are
    plane = sorted(np.lexsort((np.arange(len(shape)), extents))[-2:].tolist())
    index = np.floor(vertices.mean(axis=0) + 0.5).astype(np.intp)
    others = [axis for axis in range(len(shape)) if axis not in plane]
    if any(not 0 <= index[axis] < shape[axis] for axis in others):
        return np.empty(0, np.intp)
    corners, lengths = vertices[:, plane], tuple(shape[axis] for axis in plane)
    flat = _passed(corners) if kind in _OPEN else _held(kind, corners, lengths)
    is_inside = ((flat >= 0) & (flat < lengths)).all(axis=1)
    covered = np.tile(index[:, np.newaxis], is_inside.sum())
    covered[plane] = flat[is_inside].T
    numbers: NDArray[np.intp] = np.unique(np.ravel_multi_index(tuple(covered), tuple(shape)))
    return numbers


def _held(kind: str, corners: Positions, shape: tuple[int, ...]) -> NDArray[np.intp]:
    held = _in_ellipse(corners, shape) if kind == "ellipse" else _in_polygon(corners, shape)
    if len(held):
        return held
    if np.ptp(corners, axis=0).max() <= 1.0:
        middle = corners.mean(axis=0, keepdims=True)
        nearest: NDArray[np.intp] = np.floor(middle + 0.5).astype(np.intp)
        return nearest
    return _passed(np.concatenate([corners, corners[:1]]))


def _in_polygon(corners: Positions, shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Return the pixels whose centre is in a polygon by the even-odd rule, or on its border."""
    low = np.maximum(np.floor(corners.min(axis=0)), 0).astype(np.intp)
    high = np.minimum(np.ceil(corners.max(axis=0)) + 1, shape).astype(np.intp)
    if (low >= high).any():
        return np.empty((0, 2), np.intp)
    covered = np.zeros(tuple(high - low), bool)
    for first_row in (_first_at_or_above, _first_above):  # the one has lower borders, one the upper
        rows, columns = _crossings(corners, first_row)
        _fill(covered, rows[::2] - low[0], columns[::2] - low[1], columns[1::2] - low[1])
    ends = np.concatenate([corners, corners[:1]])
    flat = np.flatnonzero(ends[1:, 0] == ends[:-1, 0])  # crosses no row, but may lie on one
    flat = flat[ends[flat, 0] == np.floor(ends[flat, 0])]
    left, right = np.sort([ends[flat, 1], ends[flat + 1, 1]], axis=0) - low[1]
    _fill(covered, ends[flat, 0].astype(np.intp) - low[0], left, right)
    held: NDArray[np.intp] = np.argwhere(covered) + low
    return held


def _first_at_or_above(rows: Positions) -> Positions:
    return np.ceil(rows)


def _first_above(rows: Positions) -> Positions:
    return np.floor(rows) + 1.0


def _crossings(
    corners: Positions, first_row: Callable[[Positions], Positions]
) -> tuple[NDArray[np.intp], Positions]:
    """Return where a polygon's edges cross whole rows, from row to row and left to right."""
    after = np.roll(corners, -1, axis=0)
    is_falling = corners[:, 0] > after[:, 0]
    upper = np.where(is_falling[:, np.newaxis], after, corners)
    lower = np.where(is_falling[:, np.newaxis], corners, after)
    first = first_row(upper[:, 0])
    counts = (first_row(lower[:, 0]) - first).astype(np.intp)
    edges = np.repeat(np.arange(len(corners)), counts)
    rows = first[edges] + np.arange(len(edges)) - np.repeat(np.cumsum(counts) - counts, counts)
    # a share of the edge, since the slope of one that is nearly level may be infinite
    shares = (rows - upper[edges, 0]) / (lower[edges, 0] - upper[edges, 0])
    columns = upper[edges, 1] + shares * (lower[edges, 1] - upper[edges, 1])
    order = np.lexsort((columns, rows))
    return rows[order].astype(np.intp), columns[order]


def _fill(
    covered: NDArray[np.bool_], rows: NDArray[np.intp], left: Positions, right: Positions
) -> None:
    """Cover the centres between two positions of each row, these included."""
    height, width = covered.shape
    start = np.clip(np.ceil(left - _ON_THE_BORDER), 0, width).astype(np.intp)
    stop = np.clip(np.floor(right + _ON_THE_BORDER) + 1, 0, width).astype(np.intp)
    chosen = (rows >= 0) & (rows < height) & (start < stop)
    changes = np.zeros((height, width + 1), np.int32)
    np.add.at(changes, (rows[chosen], start[chosen]), 1)
    np.add.at(changes, (rows[chosen], stop[chosen]), -1)
    covered |= changes.cumsum(axis=1)[:, :-1] > 0


def _in_ellipse(corners: Positions, shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Return the pixels whose centre is in the ellipse within a parallelogram."""
    middle = corners.mean(axis=0)
    axes = np.stack([corners[1] - corners[0], corners[-1] - corners[0]], axis=1) / 2.0
    if abs(np.linalg.det(axes)) < np.finfo(float).tiny:
        return np.empty((0, 2), np.intp)
    low = np.maximum(np.floor(corners.min(axis=0)), 0).astype(np.intp)
    high = np.minimum(np.ceil(corners.max(axis=0)) + 1, shape).astype(np.intp)
    if (low >= high).any():
        return np.empty((0, 2), np.intp)
    grid = np.indices(tuple(high - low)).reshape(2, -1).T + low
    along = (grid - middle) @ np.linalg.inv(axes).T
    held: NDArray[np.intp] = grid[np.einsum("pa,pa->p", along, along) <= 1.0 + 1e-12]
    return held


def _passed(vertices: Positions) -> NDArray[np.intp]:
    """Return the pixels that a line through vertices passes, shape (M, 2)."""
    if len(vertices) == 1:
        return np.floor(vertices + 0.5).astype(np.intp)
    return np.concatenate([_passed_between(*ends) for ends in pairwise(vertices)])


def _passed_between(start: Positions, end: Positions) -> NDArray[np.intp]:
    """Return the pixels between two points: each piece between two crossings lies in one."""
    crossings = [np.array([0.0, 1.0])]
    for low, high in zip(np.minimum(start, end), np.maximum(start, end), strict=True):
        if high > low:
            borders = np.arange(np.floor(low + 0.5) + 0.5, high, 1.0)
            crossings.append((borders - low) / (high - low))
    # a falling coordinate crosses its borders the other way round
    for axis, (part, step) in enumerate(
        zip(crossings[1:], (end - start)[(end - start) != 0.0], strict=True), start=1
    ):
        crossings[axis] = part if step > 0.0 else 1.0 - part
    shares = np.unique(np.concatenate(crossings))
    middles = (shares[:-1] + shares[1:]) / 2.0
    places = start + middles[:, np.newaxis] * (end - start)
    return np.unique(np.floor(places + 0.5).astype(np.intp), axis=0)
