"""Dot products compiled by numba, where that is installed: an accelerator, never needed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.byte_products import bytes_function
from napari_ifealid.engines.compiler import Compiled, has_numba

_DTYPES = {np.dtype(name): name for name in ("uint8", "uint16", "int16", "float32")}
_TILE = 1 << 14  # values that stay in a core's cache while several vectors pass over them
_ROW = 4096  # pixels whose sums stay there
_PRODUCTS = 1 << 15  # that stay in a core's cache until the largest are found
_GROUP = 4  # vectors that share a pixel's conversion to float32
_LEAST = np.float32(-3e38)


@dataclass(frozen=True, eq=False)
class CompiledProducts:
    """Dot products of the rows of an array with vectors, for arrays of one type and layout.

    Parameters
    ----------
    one, several : callable
        `function(stored, vectors, offsets, products, first)` fills the products of one vector, or
        of any number of them: all, shape (R, N), or the largest of each row, shape (1, N).
    find_two : callable
        `function(products, best, second, numbers)` fills the last three arrays.
    features_first : bool
        Whether `stored` is transposed for `one` and `several`.
    """

    one: Callable[..., None]
    several: Callable[..., None]
    find_two: Callable[..., None]
    features_first: bool

    def fill_largest(
        self,
        stored: NDArray[Any],
        vectors: NDArray[np.float32],
        offsets: NDArray[np.float32],
        products: NDArray[np.float32],
        first: int,
    ) -> None:
        """Fill the largest product of each of some rows.

        Parameters
        ----------
        stored : array, shape (P, C)
        vectors : array of float32, shape (R, C)
            C-contiguous.
        offsets : array of float32, shape (R,)
            Added to the products with each vector.
        products : array of float32, shape (N,)
        first : int
            The first of the N rows.
        """
        multiply = self.one if len(vectors) == 1 else self.several
        laid_out = stored.T if self.features_first else stored
        multiply(laid_out, vectors, offsets, products[np.newaxis], first)

    def fill_two_largest(
        self,
        stored: NDArray[Any],
        vectors: NDArray[np.float32],
        offsets: NDArray[np.float32],
        best: NDArray[np.float32],
        second: NDArray[np.float32],
        numbers: NDArray[np.int16],
        first: int,
    ) -> None:
        """Fill the two largest products of each of some rows.

        Parameters
        ----------
        stored, vectors, offsets, first
            As for `fill_largest`.
        best, second : array of float32, shape (N,)
            `second` is a very low number where there is one vector.
        numbers : array of int16, shape (N,)
            Of the vector with the largest product, the first of several.
        """
        laid_out = stored.T if self.features_first else stored
        step = max(1, _PRODUCTS // len(vectors))
        room = np.empty(len(vectors) * min(step, len(best)), np.float32)
        for start in range(0, len(best), step):
            part = slice(start, min(start + step, len(best)))
            length = part.stop - start
            products = room[: len(vectors) * length].reshape(-1, length)
            self.several(laid_out, vectors, offsets, products, first + start)
            self.find_two(products, best[part], second[part], numbers[part])


_kinds: dict[tuple[str, bool], Compiled[CompiledProducts]] = {}


def compiled_products(stored: NDArray[Any]) -> Future[CompiledProducts | None]:
    """Return what multiplies the rows of such an array, once it is compiled.

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
        nothing: Future[CompiledProducts | None] = Future()
        nothing.set_result(None)
        return nothing
    if kind not in _kinds:
        _kinds[kind] = Compiled(partial(_compile, *kind))
    return _kinds[kind].begin()


def ready_products(stored: NDArray[Any]) -> CompiledProducts | None:
    """Return what multiplies the rows of such an array, None unless it is compiled.

    Parameters
    ----------
    stored : array, shape (P, C)
    """
    kind = _kind(stored)
    compiled = None if kind is None else _kinds.get(kind)
    return None if compiled is None else compiled.ready


def _kind(stored: NDArray[Any]) -> tuple[str, bool] | None:
    """Return the type, and whether features come first in memory; None without a faster way."""
    dtype, layout = _DTYPES.get(stored.dtype), stored.flags
    if dtype is None or not (layout.c_contiguous or layout.f_contiguous) or not has_numba():
        return None
    return dtype, not layout.c_contiguous


def _compile(dtype: str, features_first: bool) -> CompiledProducts:
    from numba import njit, types

    stored = types.Array(getattr(types, dtype), 2, "C", readonly=True)
    rows = types.Array(types.float32, 2, "C")
    floats, numbers = types.Array(types.float32, 1, "C"), types.Array(types.int16, 1, "C")
    compile_ = partial(njit, nogil=True, fastmath=True, cache=True)
    multiplies = compile_(types.void(stored, rows, floats, rows, types.intp))
    finds = compile_(types.void(rows, floats, floats, numbers))
    if features_first:
        one = several = multiplies(_features_first)
    else:
        one, several = multiplies(_features_last_once), multiplies(_features_last)
        if dtype == "uint8":
            bytes_function()  # here, since no map may wait for it
    return CompiledProducts(one, several, finds(_two_largest), features_first)


def _features_last_once(stored: Any, vectors: Any, offsets: Any, products: Any, first: int) -> None:
    # a function of its own, since as a branch of the other one it takes half as long again
    vector, offset = vectors[0], offsets[0]
    for pixel in range(products.shape[1]):
        row = stored[first + pixel]
        total = np.float32(0)
        for feature in range(len(row)):
            total += np.float32(row[feature]) * vector[feature]
        products[0, pixel] = total + offset


def _features_last(stored: Any, vectors: Any, offsets: Any, products: Any, first: int) -> None:
    count, features = vectors.shape
    keeps_all = len(products) == count
    grouped = count - count % _GROUP
    tile = max(1, _TILE // features)
    for start in range(0, products.shape[1], tile):
        stop = min(start + tile, products.shape[1])
        for vector in range(grouped, count):
            for pixel in range(start, stop):
                total = np.float32(0)
                for feature in range(features):
                    total += np.float32(stored[first + pixel, feature]) * vectors[vector, feature]
                total += offsets[vector]
                if keeps_all:
                    products[vector, pixel] = total
                else:
                    is_first = vector == grouped
                    products[0, pixel] = total if is_first else max(products[0, pixel], total)
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
                if keeps_all:
                    products[vector, pixel], products[vector + 1, pixel] = a, b
                    products[vector + 2, pixel], products[vector + 3, pixel] = c, d
                else:
                    best = max(max(a, b), max(c, d))
                    is_first = vector == 0 and grouped == count
                    products[0, pixel] = best if is_first else max(products[0, pixel], best)


def _features_first(stored: Any, vectors: Any, offsets: Any, products: Any, first: int) -> None:
    keeps_all = len(products) == len(vectors)
    totals = np.empty(_ROW, np.float32)
    for start in range(0, products.shape[1], _ROW):
        length = min(_ROW, products.shape[1] - start)
        for vector in range(len(vectors)):
            kept = products[vector if keeps_all else 0, start : start + length]
            total = kept if vector == 0 or keeps_all else totals[:length]
            total[:] = offsets[vector]
            for feature in range(len(stored)):
                weight = vectors[vector, feature]
                values = stored[feature, first + start : first + start + length]
                for pixel in range(length):
                    total[pixel] += np.float32(values[pixel]) * weight
            if vector > 0 and not keeps_all:
                for pixel in range(length):
                    kept[pixel] = max(kept[pixel], total[pixel])


def _two_largest(products: Any, best: Any, second: Any, numbers: Any) -> None:
    for pixel in range(len(best)):
        largest, other, number = products[0, pixel], _LEAST, np.int16(0)
        for vector in range(1, len(products)):
            product = products[vector, pixel]
            other = max(other, min(largest, product))
            number = np.int16(vector) if product > largest else number
            largest = max(largest, product)
        best[pixel], second[pixel], numbers[pixel] = largest, other, number
