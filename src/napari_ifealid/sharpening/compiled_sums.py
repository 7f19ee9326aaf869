"""Weighted sums, lengths and dot products in float64 compiled by numba, where that is installed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from napari_ifealid.engines.compiler import Compiled
from napari_ifealid.sharpening.weights import ONE

_UNIT = 1.0 / ONE

STORED = ("uint8", "uint16", "int16", "float32")


@dataclass(frozen=True)
class CompiledSums:
    """Functions that numba has compiled.

    Parameters
    ----------
    weighted : callable
        `weighted(columns, values, products, offsets, sums, row, column, step)` fills the largest
        sums, shape (h, w), of products of shape (R, P): of each step-th pixel of the image along
        both axes, from a row and a column on.
    lengths : callable
        `lengths(columns, values, vectors, first, lengths)` fills the lengths of up-sampled vectors,
        shape (N,), for taps of shape (N, K) among vectors of float64, shape (M, C), the first of
        which has a number.
    multiplied : callable
        `multiplied(stored, vector, products, first)` fills the products of consecutive rows of an
        array of shape (P, C) with a vector of float64, from the first one on.
    """

    weighted: Callable[..., None]
    lengths: Callable[..., None]
    multiplied: Callable[..., None]


def _compile() -> CompiledSums:
    from numba import njit, types

    def array(dtype: Any, ndim: int, *, readonly: bool = True) -> Any:
        return types.Array(dtype, ndim, "C", readonly=readonly)

    sizes = types.intp, types.intp, types.intp
    floats, sums = array(types.float64, 1), array(types.float64, 2, readonly=False)
    numbers = array(types.float64, 2), floats
    weighted = [
        types.void(array(columns, 3), array(types.uint16, 3), *numbers, sums, *sizes)
        for columns in (types.uint16, types.uint32)
    ]
    products = types.Array(types.float64, 1, "C")
    vectors = array(types.float64, 2)
    lengths = [
        types.void(array(columns, 2), array(types.uint16, 2), vectors, types.intp, products)
        for columns in (types.uint16, types.uint32)
    ]
    multiplied = [
        types.void(array(getattr(types, name), 2), floats, products, types.intp) for name in STORED
    ]
    compile_ = partial(njit, nogil=True, fastmath=True, cache=True)
    return CompiledSums(
        compile_(weighted)(_weighted),
        compile_(lengths)(_lengths),
        compile_(multiplied)(_multiplied),
    )


def _weighted(
    columns: Any,
    values: Any,
    products: Any,
    offsets: Any,
    sums: Any,
    row: int,
    column: int,
    step: int,
) -> None:
    for number in range(len(products)):
        line, offset = products[number], offsets[number]
        for y in range(sums.shape[0]):
            for x in range(sums.shape[1]):
                taps = columns[row + y * step, column + x * step]
                weights = values[row + y * step, column + x * step]
                total = 0.0
                for tap in range(len(taps)):
                    total += np.float64(weights[tap]) * line[taps[tap]]
                total = total * _UNIT + offset
                sums[y, x] = total if number == 0 else max(sums[y, x], total)


def _lengths(columns: Any, values: Any, vectors: Any, first: int, lengths: Any) -> None:
    total = np.empty(vectors.shape[1])
    for pixel in range(len(lengths)):
        total[:] = 0.0
        for tap in range(columns.shape[1]):
            weight = np.float64(values[pixel, tap])
            if weight != 0.0:
                vector = vectors[columns[pixel, tap] - first]
                for feature in range(len(total)):
                    total[feature] += weight * vector[feature]
        squared = 0.0
        for feature in range(len(total)):
            squared += total[feature] * total[feature]
        lengths[pixel] = np.sqrt(squared) * _UNIT


def _multiplied(stored: Any, vector: Any, products: Any, first: int) -> None:
    for pixel in range(len(products)):
        row = stored[first + pixel]
        total = 0.0
        for feature in range(len(row)):
            total += np.float64(row[feature]) * vector[feature]
        products[pixel] = total


COMPILED_SUMS = Compiled(_compile)
