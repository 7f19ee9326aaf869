"""The stacks of the soak: files of features that vary in a few directions, as real ones do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.formats import write_array
from napari_ifealid.stack import FeatureStack

OPENED_SHAPE = (400, 512, 512)
"""Of stacks that are opened and removed: 105 MB."""

_DIRECTIONS = 12


def features(shape: tuple[int, ...], seed: int) -> NDArray[np.uint8]:
    """Return smooth features of a shape (…, height, width, features)."""
    rng = np.random.default_rng(seed)
    *planes, height, width, count = shape
    directions = rng.standard_normal((_DIRECTIONS, count), np.float32)
    values = np.empty((int(np.prod(planes)), height, width, count), np.uint8)
    rows, columns = np.linspace(0, 6, height, dtype=np.float32), np.linspace(0, 6, width)
    for plane in values:
        phases = rng.uniform(0, 6, (2, _DIRECTIONS)).astype(np.float32)
        across = np.sin(columns[:, None] + phases[1]).astype(np.float32)
        for row, at in zip(plane, rows, strict=True):
            mixed = (across + np.sin(at + phases[0])) @ directions
            noise = rng.standard_normal(mixed.shape, np.float32)
            row[...] = np.clip(120.0 + 15.0 * mixed + 4.0 * noise, 0, 255)
    return values.reshape(shape)


def write_hovered(folder: Path) -> list[Path]:
    """Write the stacks beside the sample: a large one, a lazy one and one of several planes."""
    return [
        _write(folder / "large.npy", features((256, 320, 128), 1)),
        _write(folder / "lazy.zarr", features((192, 256, 64), 2)),
        _write(folder / "planes.npy", features((4, 80, 100, 32), 3)),
    ]


def write_opened(folder: Path) -> list[Path]:
    """Write three stacks of 105 MB: in memory, read block by block, and a cube with a header."""
    values = features(OPENED_SHAPE, 4)
    return [_write(folder / name, values) for name in ("memory.npy", "blocks.zarr", "cube.hdr")]


def _write(path: Path, values: NDArray[np.uint8]) -> Path:
    write_array(path, FeatureStack(values=values, name=path.stem))
    return path
