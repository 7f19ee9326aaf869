"""The largest dot product of each pixel with several vectors, computed in the fastest way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.byte_products import byte_products
from napari_ifealid.engines.compiled import ready_products

Multiply = Callable[[int, NDArray[np.float32]], None]
"""`multiply(first, products)` fills the products of rows from `first` on."""

Rows = Callable[[slice], NDArray[np.float32]]
"""Returns rows as float32."""

_BLOCK_VALUES = 1 << 18  # as float32 they stay in a core's cache


@dataclass(frozen=True, eq=False)
class Products:
    """How the largest dot products are computed.

    Parameters
    ----------
    multiply : callable
        `multiply(first, products)` fills the products of as many rows as there is room for, from
        `first` on. May be called in several threads.
    error : float
        Largest error of a product, in products of the lengths of both vectors, beyond the
        rounding of float32.
    uses_all_cores : bool, optional
        Whether one call is spread over all cores: two at once would be in each other's way.
    """

    multiply: Multiply
    error: float = 0.0
    uses_all_cores: bool = False


def largest_products(
    stored: NDArray[Any],
    vectors: NDArray[np.float32],
    offsets: NDArray[np.float32],
    rows: Rows | None = None,
) -> Products:
    """Choose the fastest way to multiply all rows of an array with some vectors.

    Parameters
    ----------
    stored : array, shape (P, C)
    vectors : array of float32, shape (R, C)
    offsets : array of float32, shape (R,)
        Added to the products with each vector before the largest is taken.
    rows : callable, optional
        Returns what is multiplied for some of the rows, where that is not what is stored.
    """
    is_ready = rows is None and ready_products(stored) is not None
    in_bytes = byte_products(stored, vectors, offsets) if is_ready else None
    if in_bytes is not None:
        return Products(in_bytes, in_bytes.error)
    return exact_products(stored, vectors, offsets, rows)


def exact_products(
    stored: NDArray[Any],
    vectors: NDArray[np.float32],
    offsets: NDArray[np.float32],
    rows: Rows | None = None,
) -> Products:
    """Choose the fastest way that is off by no more than the rounding of float32."""
    if rows is None and _suits_blas(stored) and len(vectors) == 1:
        return Products(_by_dot(stored, vectors[0], offsets[0]), uses_all_cores=True)
    compiled = None if rows else ready_products(stored)
    if compiled is not None:
        vectors = np.ascontiguousarray(vectors)
        multiply = compiled.fill_largest
        return Products(lambda first, products: multiply(stored, vectors, offsets, products, first))
    return Products(_by_blas(rows or _as_float32(stored), vectors, offsets))


def _suits_blas(stored: NDArray[Any]) -> bool:
    """Return whether BLAS is the fastest way to multiply with one vector."""
    return stored.dtype == np.float32 and stored.dtype.isnative and stored.flags.c_contiguous


def _by_dot(
    stored: NDArray[np.float32], vector: NDArray[np.float32], offset: np.float32
) -> Multiply:
    def multiply(first: int, products: NDArray[np.float32]) -> None:
        np.dot(stored[first : first + len(products)], vector, out=products)
        products += offset

    return multiply


def _as_float32(stored: NDArray[Any]) -> Rows:
    return lambda rows: stored[rows].astype(np.float32, copy=False)


def _by_blas(rows: Rows, vectors: NDArray[np.float32], offsets: NDArray[np.float32]) -> Multiply:
    step = max(1, _BLOCK_VALUES // vectors.shape[1])

    def multiply(first: int, products: NDArray[np.float32]) -> None:
        for start in range(0, len(products), step):
            part = products[start : start + step]
            block = rows(slice(first + start, first + start + len(part)))
            if len(vectors) == 1:
                np.dot(block, vectors[0], out=part)
                part += offsets[0]
            else:
                np.max(block @ vectors.T + offsets, axis=1, out=part)

    return multiply
