"""Small files of many kinds, and arrays as scripts add them."""

from __future__ import annotations

from pathlib import Path
from time import sleep
from typing import Any

import dask.array
import numpy as np
import zarr

from napari_ifealid import write_stack
from napari_ifealid.stack import FeatureStack

FILES = (
    "cat early.zip",
    "cat late.zip",
    "plain.npy",
    "holes.npy",
    "slices.npy",
    "thin.npy",
    "one.npy",
    "two.npz",
    "long.zarr",
)
"""Names of the files that `write_files` writes."""

ARRAYS = ("photo", "channels first", "channels last", "slices", "slow", "small and large")
"""Kinds of arrays that `array_of` makes."""

LARGE = 100_000
"""Bytes from which on a stack stays where it is in these tests, and is read block by block."""

_BLOCK = 24  # pixels
_READ = 0.01  # seconds that a block of a slow array takes


def write_files(folder: Path) -> None:
    """Write one file of each name into an empty folder."""
    rng = np.random.default_rng(5)
    photo = rng.integers(0, 256, (24, 20, 3)).astype(np.uint8)
    for name, shape in (("cat early", (6, 5, 9)), ("cat late", (4, 3, 7))):
        values = rng.integers(0, 256, shape).astype(np.uint8)
        values[0, 0] = 0
        stack = FeatureStack(values=values, name=name, overlay=photo)
        write_stack(folder / f"{name}.zip", stack)
    holes = rng.normal(size=(10, 11, 6))
    holes[0, 0], holes[1, 1], holes[2:5, 2:5, 3] = 0.0, np.nan, np.inf
    for name, values in (
        ("plain", rng.normal(size=(12, 15, 5)).astype(np.float32)),
        ("holes", holes),
        ("slices", rng.normal(size=(3, 9, 8, 4)).astype(np.float32)),
        ("thin", rng.normal(size=(1, 40, 2)).astype(np.float16)),
        ("one", np.ones((1, 1, 1), np.float32)),
    ):
        np.save(folder / f"{name}.npy", values)
    arrays = {"a": rng.normal(size=(6, 7, 4)), "b": rng.normal(size=(9, 5, 3))}
    np.savez(folder / "two.npz", **arrays)
    long = zarr.create_array(
        str(folder / "long.zarr"), shape=(96, 100, 12), chunks=(_BLOCK, _BLOCK, 12), dtype="f4"
    )
    long[:] = rng.normal(size=long.shape)


def array_of(kind: str) -> dict[str, Any]:
    """Return what napari's `add_image` takes for an array of a kind."""
    rng = np.random.default_rng(len(kind))
    match kind:
        case "photo":
            return {"data": rng.integers(0, 256, (14, 18, 3)).astype(np.uint8), "rgb": True}
        case "channels first":
            return {"data": rng.normal(size=(4, 12, 13))}
        case "channels last":
            return {"data": rng.normal(size=(12, 13, 4))}
        case "slices":
            return {"data": rng.normal(size=(2, 3, 9, 8))}
        case "slow":
            return {"data": _slow(rng), "axis_labels": ("features", "y", "x")}
        case "small and large":
            large = rng.integers(0, 256, (3, 32, 32)).astype(np.uint8)
            return {"data": [large, large[:, ::2, ::2]], "multiscale": True}
    raise ValueError(kind)


def _slow(rng: np.random.Generator) -> Any:
    """Return an array whose blocks take a while, so that other things happen in between."""
    values = rng.normal(size=(10, 48, 72)).astype(np.float32)
    blocks = dask.array.from_array(values, chunks=(10, _BLOCK, _BLOCK))
    return blocks.map_blocks(_slept, dtype=np.float32)


def _slept(block: np.ndarray) -> np.ndarray:
    sleep(_READ)
    return block
