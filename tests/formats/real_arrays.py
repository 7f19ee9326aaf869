"""Arrays of real numbers for the tests, of every type and in every range."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra.numpy import from_dtype
from numpy.typing import NDArray

INTEGERS = [*map(np.dtype, ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", ">i2", ">u4"])]
FLOATS = [*map(np.dtype, ["f2", "f4", "f8", ">f4", np.longdouble])]
REAL = [np.dtype(bool), *INTEGERS, *FLOATS]

EPSILON = float(np.finfo(np.float64).eps)

seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 5)
either = st.booleans()


def finite(dtype: np.dtype[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for single values that are normal numbers."""
    if dtype.kind != "f":
        return from_dtype(dtype.newbyteorder("="))
    width = min(64, 8 * dtype.itemsize)
    return st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False, width=width).map(
        np.dtype(f"f{width // 8}").type
    )


@st.composite
def real_arrays(
    draw: st.DrawFn,
    dtypes: list[np.dtype[Any]] = REAL,
    features: st.SearchStrategy[int] = sizes,
    has_zero_pixel: st.SearchStrategy[bool] = either,
) -> NDArray[Any]:
    """Return a read-only array of shape (height, width, C), with all its range in use."""
    dtype = draw(st.sampled_from(dtypes))
    low, high = sorted(draw(st.tuples(finite(dtype), finite(dtype))))
    shape = draw(sizes), draw(sizes), draw(features)
    values = between(low, high, shape, dtype, draw(seeds))
    values.flat[draw(st.integers(0, values.size - 1))] = low
    values.flat[draw(st.integers(0, values.size - 1))] = high
    if draw(has_zero_pixel):
        values[0, 0] = 0
    values.flags.writeable = False
    return values


def between(
    low: Any, high: Any, shape: tuple[int, ...], dtype: np.dtype[Any], seed: int
) -> NDArray[Any]:
    """Return random values from a lowest to a highest one."""
    random = np.random.default_rng(seed)
    native = dtype.newbyteorder("=")
    if dtype.kind != "f":
        return random.integers(low, high, shape, native, endpoint=True).astype(dtype)
    fractions = random.random(shape)
    values = float(low) * (1.0 - fractions) + float(high) * fractions
    return np.clip(values, float(low), float(high)).astype(dtype)


def half_step(value_range: tuple[float, float], precision: int) -> float:
    """Return by how much a value may change, rounding errors included."""
    low, high = map(float, value_range)
    top = 2**precision - 1
    return (high / top - low / top) / 2 + 4 * EPSILON * max(abs(low), abs(high))


NO_STACKS = [
    (np.ones((4, 5)), "(4, 5)"),
    (np.ones(()), "()"),
    (np.ones((3, 0, 5)), "(3, 0, 5)"),
    (np.ones((3, 4, 5), complex), "complex128"),
    (np.full((3, 4, 5), "text"), "<U4"),
    (np.full((3, 4, 5), "2024-01-01", "M8[D]"), "datetime64"),
    (np.zeros((3, 4, 5), [("band", "f4")]), "band"),
    (np.full((3, 4, 5), None), "object"),
    (np.full((3, 4, 5), np.nan), "no finite value"),
    (np.full((3, 4, 5), np.inf), "no finite value"),
]
"""Arrays that are no feature stacks, and what is found to be wrong with them."""


class Trap:
    """An object that fails the test if it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("unpickled",)


def trapped_array() -> NDArray[np.object_]:
    array = np.empty((1, 1, 1), object)
    array[0, 0, 0] = Trap()
    return array
