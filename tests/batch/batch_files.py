"""Datasets for the tests of batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_ifealid import FeatureStack, write_stack

SHAPE = (6, 5, 9)


def make_file(path: Path, seed: int, shape: tuple[int, int, int] = SHAPE) -> Path:
    """Write a small dataset, each seed another one."""
    values = np.random.default_rng(seed).integers(1, 256, shape).astype(np.uint8)
    path.parent.mkdir(exist_ok=True, parents=True)
    write_stack(path, FeatureStack(values=values, name=path.stem), precision=8)
    return path
