"""The stored value that stands for none, as a text tells it."""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np


def missing_value(value: float, dtype: np.dtype[Any]) -> float | None:
    """Return the value of a type that stands for none; None if the type has no such value.

    Parameters
    ----------
    value : float
        As it is told. The largest 64-bit integers are no floats: the nearest one means them.
    dtype : numpy dtype
        Of the stored values.
    """
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            stored = float(dtype.type(value))
        return stored if isfinite(stored) or not isfinite(value) else None
    if dtype.kind == "b" or not value.is_integer():
        return None
    limits = np.iinfo(dtype)
    is_one = float(limits.min) <= value <= float(limits.max)
    return min(value, int(limits.max)) if is_one else None
