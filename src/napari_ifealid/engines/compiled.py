"""Dot products compiled by numba, where that is installed: an accelerator, never needed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.byte_products import bytes_function

TwoBest = Callable[
    [
        NDArray[Any],
        NDArray[np.float32],
        NDArray[np.float32],
        NDArray[np.float32],
        NDArray[np.float32],
        NDArray[np.int16],
        int,
    ],
    None,
]
"""`function(stored, vectors, offsets, best, second, numbers, first)` fills the last three arrays.

Of each row the two largest of its dot products with the vectors, after the offsets were added, and
the number of the vector that gives the largest.
"""

BestProducts = Callable[
    [NDArray[Any], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], int], None
]
"""`function(stored, vectors, offsets, products, first)` fills the products.

Those are of as many rows of `stored` as there is room for, from `first` on: of each row the largest
of its dot products with the vectors, shape (R, C), after the offsets, shape (R,), were added.
"""

_DTYPES = {np.dtype(name): name for name in ("uint8", "uint16", "int16", "float32")}
_TILE = 1 << 16  # values that stay in a core's cache while several vectors pass over them
_ROW = 4096  # pixels whose sums stay there
_GROUP = 4  # vectors that share a pixel's conversion to float32
_LEAST = np.float32(-3e38)
_begun: dict[tuple[str, bool], Future[BestProducts | None]] = {}
_two_begun: dict[tuple[str, bool], Future[TwoBest | None]] = {}
_compiler = ThreadPoolExecutor(1, thread_name_prefix="compiler")


def compiled_products(stored: NDArray[Any]) -> Future[BestProducts | None]:
    """Return the function that multiplies the rows of such an array, once it is compiled.

    That happens in a thread, takes some seconds, and numba keeps it on disk.

    Parameters
    ----------
    stored : array, shape (P, C)

    Returns
    -------
    Future
        Of None where numba is missing, or there is no faster way for this type and layout.
    """
    kind = _kind(stored)
    if kind is None:
        nothing: Future[BestProducts | None] = Future()
        nothing.set_result(None)
        return nothing
    if kind not in _begun:
        _begun[kind] = _compiler.submit(_compile, *kind)
    return _begun[kind]


def ready_products(stored: NDArray[Any]) -> BestProducts | None:
    """Return the function that multiplies the rows of such an array, None unless it is compiled.

    Parameters
    ----------
    stored : array, shape (P, C)
    """
    kind = _kind(stored)
    begun = None if kind is None else _begun.get(kind)
    return begun.result() if begun is not None and begun.done() else None


def compiled_two_best(stored: NDArray[Any]) -> Future[TwoBest | None]:
    """Return the function that finds the two best vectors of each row, once it is compiled.

    See `compiled_products`.

    Parameters
    ----------
    stored : array, shape (P, C)
    """
    kind = _kind(stored)
    if kind is None:
        nothing: Future[TwoBest | None] = Future()
        nothing.set_result(None)
        return nothing
    if kind not in _two_begun:
        _two_begun[kind] = _compiler.submit(_compile_two_best, *kind)
    return _two_begun[kind]


@cache
def has_numba() -> bool:
    """Return whether numba is installed; it is not imported."""
    return find_spec("numba") is not None


def _kind(stored: NDArray[Any]) -> tuple[str, bool] | None:
    """Return the type, and whether features come first in memory; None without a faster way."""
    dtype, layout = _DTYPES.get(stored.dtype), stored.flags
    if dtype is None or not (layout.c_contiguous or layout.f_contiguous) or not has_numba():
        return None
    return dtype, not layout.c_contiguous


def _compile(dtype: str, features_first: bool) -> BestProducts | None:
    try:
        from numba import njit, types

        stored = types.Array(getattr(types, dtype), 2, "C", readonly=True)
        vectors = types.Array(types.float32, 2, "C")
        floats = types.Array(types.float32, 1, "C")
        signature = types.void(stored, vectors, floats, floats, types.intp)
        compiled = njit(signature, nogil=True, fastmath=True, cache=True)
        if features_first:
            one = several = compiled(_features_first)
        else:
            one, several = compiled(_features_last_once), compiled(_features_last)
            if dtype == "uint8":
                bytes_function()  # here, since no map may wait for it
    except Exception:  # numba fails in many ways on new systems, and nothing depends on it
        return None

    def multiply(
        stored: NDArray[Any],
        vectors: NDArray[np.float32],
        offsets: NDArray[np.float32],
        products: NDArray[np.float32],
        first: int,
    ) -> None:
        function = one if len(vectors) == 1 else several
        function(stored.T if features_first else stored, vectors, offsets, products, first)

    return multiply


def _features_last_once(stored: Any, vectors: Any, offsets: Any, products: Any, first: int) -> None:
    # a function of its own, since as a branch of the other one it takes half as long again
    vector, offset = vectors[0], offsets[0]
    for pixel in range(len(products)):
        row = stored[first + pixel]
        total = np.float32(0)
        for feature in range(len(row)):
            total += np.float32(row[feature]) * vector[feature]
        products[pixel] = total + offset


def _features_last(stored: Any, vectors: Any, offsets: Any, products: Any, first: int) -> None:
    count, features = vectors.shape
    grouped = count - count % _GROUP
    tile = max(1, _TILE // features)
    for start in range(0, len(products), tile):
        stop = min(start + tile, len(products))
        for vector in range(grouped, count):
            for pixel in range(start, stop):
                total = np.float32(0)
                for feature in range(features):
                    total += np.float32(stored[first + pixel, feature]) * vectors[vector, feature]
                total += offsets[vector]
                products[pixel] = total if vector == grouped else max(products[pixel], total)
        for vector in range(0, grouped, _GROUP):
            for pixel in range(start, stop):
                a = b = c = d = np.float32(0)
                for feature in range(features):
                    value = np.float32(stored[first + pixel, feature])
                    a += value * vectors[vector, feature]
                    b += value * vectors[vector + 1, feature]
                    c += value * vectors[vector + 2, feature]
                    d += value * vectors[vector + 3, feature]
                a, b = a + offsets[vector], b + offsets[vector + 1]
                c, d = c + offsets[vector + 2], d + offsets[vector + 3]
                best = max(max(a, b), max(c, d))
                is_first = vector == 0 and grouped == count
                products[pixel] = best if is_first else max(products[pixel], best)


def _features_first(stored: Any, vectors: Any, offsets: Any, products: Any, first: int) -> None:
    totals = np.empty(_ROW, np.float32)
    for start in range(0, len(products), _ROW):
        length = min(_ROW, len(products) - start)
        best, total = products[start : start + length], totals[:length]
        for vector in range(len(vectors)):
            total[:] = offsets[vector]
            for feature in range(len(stored)):
                weight = vectors[vector, feature]
                values = stored[feature, first + start : first + start + length]
                for pixel in range(length):
                    total[pixel] += np.float32(values[pixel]) * weight
            for pixel in range(length):
                best[pixel] = total[pixel] if vector == 0 else max(best[pixel], total[pixel])


def _compile_two_best(dtype: str, features_first: bool) -> TwoBest | None:
    try:
        from numba import njit, types

        stored = types.Array(getattr(types, dtype), 2, "C", readonly=True)
        vectors = types.Array(types.float32, 2, "C")
        floats, numbers = types.Array(types.float32, 1, "C"), types.Array(types.int16, 1, "C")
        signature = types.void(stored, vectors, floats, floats, floats, numbers, types.intp)
        compiled = njit(signature, nogil=True, fastmath=True, cache=True)
        function = compiled(_two_best_first if features_first else _two_best_last)
    except Exception:  # as above
        return None

    def find(
        stored: NDArray[Any],
        vectors: NDArray[np.float32],
        offsets: NDArray[np.float32],
        best: NDArray[np.float32],
        second: NDArray[np.float32],
        numbers: NDArray[np.int16],
        first: int,
    ) -> None:
        missing = -len(vectors) % _GROUP
        padded = np.pad(vectors, ((0, missing), (0, 0)))
        lowered = np.pad(offsets, (0, missing), constant_values=_LEAST)
        stored = stored.T if features_first else stored
        function(stored, padded, lowered, best, second, numbers, first)

    return find


def _two_best_last(
    stored: Any, vectors: Any, offsets: Any, best: Any, second: Any, numbers: Any, first: int
) -> None:
    count, features = vectors.shape
    tile = max(1, _TILE // features)
    for start in range(0, len(best), tile):
        stop = min(start + tile, len(best))
        for vector in range(0, count, _GROUP):
            for pixel in range(start, stop):
                a = b = c = d = np.float32(0)
                for feature in range(features):
                    value = np.float32(stored[first + pixel, feature])
                    a += value * vectors[vector, feature]
                    b += value * vectors[vector + 1, feature]
                    c += value * vectors[vector + 2, feature]
                    d += value * vectors[vector + 3, feature]
                largest = _LEAST if vector == 0 else best[pixel]
                other = _LEAST if vector == 0 else second[pixel]
                number = np.int16(0) if vector == 0 else numbers[pixel]
                totals = (
                    a + offsets[vector],
                    b + offsets[vector + 1],
                    c + offsets[vector + 2],
                    d + offsets[vector + 3],
                )
                for member in range(_GROUP):
                    total = totals[member]
                    if total > largest:
                        other, largest, number = largest, total, np.int16(vector + member)
                    elif total > other:
                        other = total
                best[pixel], second[pixel], numbers[pixel] = largest, other, number


def _two_best_first(
    stored: Any, vectors: Any, offsets: Any, best: Any, second: Any, numbers: Any, first: int
) -> None:
    totals = np.empty(_ROW, np.float32)
    for start in range(0, len(best), _ROW):
        length = min(_ROW, len(best) - start)
        total = totals[:length]
        best[start : start + length] = _LEAST
        second[start : start + length] = _LEAST
        for vector in range(len(vectors)):
            total[:] = offsets[vector]
            for feature in range(len(stored)):
                weight = vectors[vector, feature]
                values = stored[feature, first + start : first + start + length]
                for pixel in range(length):
                    total[pixel] += np.float32(values[pixel]) * weight
            for pixel in range(length):
                if total[pixel] > best[start + pixel]:
                    second[start + pixel] = best[start + pixel]
                    best[start + pixel] = total[pixel]
                    numbers[start + pixel] = vector
                elif total[pixel] > second[start + pixel]:
                    second[start + pixel] = total[pixel]
