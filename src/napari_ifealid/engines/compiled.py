"""Dot products compiled by numba, where that is installed: an accelerator, never needed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

DotProducts = Callable[
    [NDArray[Any], NDArray[np.float32], NDArray[np.float32], int, int],
    None,
]
"""`function(stored, vector, products, start, stop)` writes those of the rows start to stop."""

_DTYPES = ("uint8", "uint16")  # BLAS is as fast with float32
_TILE = 4096  # pixels whose sums stay in a core's cache
_begun: dict[tuple[str, bool], Future[DotProducts | None]] = {}
_compiler = ThreadPoolExecutor(1, thread_name_prefix="compiler")


def compiled_dot_products(stored: NDArray[Any]) -> Future[DotProducts | None]:
    """Return what multiplies the rows of such an array, or will once it is compiled.

    That happens in a thread, takes a second, and numba keeps it on disk.

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
        nothing: Future[DotProducts | None] = Future()
        nothing.set_result(None)
        return nothing
    if kind not in _begun:
        _begun[kind] = _compiler.submit(_compile, *kind)
    return _begun[kind]


def ready_dot_products(stored: NDArray[Any]) -> DotProducts | None:
    """Return what multiplies the rows of such an array, None unless it is compiled by now.

    Parameters
    ----------
    stored : array, shape (P, C)
    """
    kind = _kind(stored)
    begun = None if kind is None else _begun.get(kind)
    return begun.result() if begun is not None and begun.done() else None


@cache
def has_numba() -> bool:
    """Return whether numba is installed; it is not imported."""
    return find_spec("numba") is not None


def _kind(stored: NDArray[Any]) -> tuple[str, bool] | None:
    """Return the type, and whether features come first in memory; None without a faster way."""
    if stored.dtype.name not in _DTYPES or not stored.dtype.isnative or not has_numba():
        return None
    if stored.flags.c_contiguous:
        return stored.dtype.name, False
    return (stored.dtype.name, True) if stored.flags.f_contiguous else None


def _compile(dtype: str, features_first: bool) -> DotProducts | None:
    try:
        from numba import njit, types

        stored = types.Array(getattr(types, dtype), 2, "C", readonly=True)
        vector = types.Array(types.float32, 1, "C")
        signature = types.void(stored, vector, vector, types.intp, types.intp)
        source = _features_first if features_first else _features_last
        compiled = njit(signature, nogil=True, fastmath=True, cache=True)(source)
    except Exception:  # numba fails in many ways on new systems, and nothing depends on it
        return None
    if features_first:
        return lambda stored, *others: compiled(stored.T, *others)
    return cast(DotProducts, compiled)


def _features_last(stored: Any, vector: Any, products: Any, start: int, stop: int) -> None:
    for pixel in range(start, stop):
        total = np.float32(0)
        for feature in range(stored.shape[1]):
            total += np.float32(stored[pixel, feature]) * vector[feature]
        products[pixel] = total


def _features_first(stored: Any, vector: Any, products: Any, start: int, stop: int) -> None:
    for first in range(start, stop, _TILE):
        total = products[first : min(first + _TILE, stop)]
        total[:] = 0
        for feature in range(stored.shape[0]):
            weight = vector[feature]
            values = stored[feature, first : min(first + _TILE, stop)]
            for pixel in range(len(total)):
                total[pixel] += np.float32(values[pixel]) * weight
