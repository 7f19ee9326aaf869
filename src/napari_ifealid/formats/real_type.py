"""The type of real values that stored ones become."""

from __future__ import annotations

from typing import Any

import numpy as np


def real_type(stored: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type of real values: float32, or float64 where it does not hold all stored ones.

    Those of float16 are float32 as well: scaled they may be larger than its largest.

    Parameters
    ----------
    stored : numpy dtype
    """
    is_single = stored.kind == "f" and stored.itemsize == 4
    return np.dtype("f4" if stored.itemsize < 4 or is_single else "f8")
