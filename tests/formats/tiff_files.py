"""TIFF files for the tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

BANDS = np.random.default_rng(0).integers(0, 250, (7, 37, 45)).astype(np.uint16)
"""Seven bands of 37 × 45 pixels."""

UTM = (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633)
"""GeoKeys of UTM zone 33 north, in metres."""


def saved(path: Path, values: NDArray[Any] = BANDS, **options: Any) -> Path:
    """Save bands, one after the other unless told otherwise, without tifffile's own metadata."""
    plain = {"photometric": "minisblack", "planarconfig": "separate", "metadata": None}
    tifffile.imwrite(path, values, **(plain | options))
    os.utime(path, (0, 0))  # else a quick change might have the same time
    return path


def with_tags(path: Path, *tags: tuple[int, str, Any], **options: Any) -> Path:
    """Save the bands with tags: code, type and value of each."""
    written = [
        (code, kind, 0 if kind == "s" else len(value), value, True) for code, kind, value in tags
    ]
    return saved(path, extratags=written, **options)


def gdal(*items: str) -> tuple[int, str, bytes]:
    """Return the tag of GDAL's metadata."""
    return 42112, "s", f"<GDALMetadata>{''.join(items)}</GDALMetadata>".encode()


def item(name: str, value: object, band: int | None = None, **attributes: str) -> str:
    """Return an item of GDAL's metadata."""
    sample = {} if band is None else {"sample": band}
    listed = " ".join(f'{key}="{text}"' for key, text in (sample | attributes).items())
    return f'<Item name="{name}" {listed}>{value}</Item>'
