"""ENVI cubes for the tests, written as other software does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CODES = {1: "u1", 2: "i2", 3: "i4", 4: "f4", 5: "f8", 12: "u2", 13: "u4", 14: "i8", 15: "u8"}
AXES = {"bsq": 0, "bil": 1, "bip": 2}
CUBE = np.arange(60).reshape(3, 4, 5) + 1
"""Of 3 lines, 4 samples and 5 bands."""


def cube_fields(values: NDArray[Any] = CUBE, code: int = 4, **fields: Any) -> dict[str, Any]:
    """Return the fields of a header. One of None is left out; blanks are written as _."""
    lines, samples, bands = values.shape
    told = {"samples": samples, "lines": lines, "bands": bands, "data_type": code}
    told |= {"interleave": "bil", "byte_order": 0, "header_offset": 0, **fields}
    return {key.replace("_", " "): value for key, value in told.items() if value is not None}


def write_cube(
    folder: Path,
    values: NDArray[Any] = CUBE,
    code: int = 4,
    *,
    data: str = "a.raw",
    header: str = "a.hdr",
    **fields: Any,
) -> Path:
    """Write a header and the values that it tells; return the path of the header."""
    told = cube_fields(values, code, **fields)
    lines = [f"{key} = {value}" for key, value in told.items()]
    (folder / header).write_text("\n".join(["ENVI", *lines, ""]))
    order = "<>"[int(told.get("byte order", 0))]
    axis = AXES.get(str(told.get("interleave")).lower(), 2)
    stored = np.moveaxis(values, -1, axis).astype(order + CODES.get(code, "f4"))
    start = b"\x07" * int(told.get("header offset", 0))
    (folder / data).write_bytes(start + stored.tobytes())
    return folder / header
