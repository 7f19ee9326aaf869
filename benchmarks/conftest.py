"""What the benchmarks measure: features like those behind a ReLU."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication

from napari_ifealid.engines import find_renderer
from napari_ifealid.stack import FeatureStack

SETTINGS = ("OPENBLAS_", "OMP_", "MKL_", "BLIS_", "NUMBA_", "NPY_", "LP_", "GALLIUM_", "LIBGL_")


def pytest_benchmark_update_machine_info(config: Any, machine_info: dict[str, Any]) -> None:
    """Keep which variables were set that change how quick libraries are, and what draws."""
    machine_info["settings"] = {
        name: value for name, value in sorted(os.environ.items()) if name.startswith(SETTINGS)
    }
    application = QApplication.instance() or QApplication([])
    renderer = find_renderer()
    machine_info["renderer"] = "nothing" if renderer is None else renderer.name
    del application


@pytest.fixture
def make_stack() -> Callable[..., FeatureStack]:
    """Makes sparse and skewed features of a shape (height, width, features)."""

    def make(shape: tuple[int, int, int], dtype: type = np.uint8) -> FeatureStack:
        rng = np.random.default_rng(0)
        values = np.maximum(rng.standard_normal(shape, np.float32), 0.0)
        values /= values.max()
        if np.dtype(dtype).kind == "u":
            values = np.round(values * np.iinfo(dtype).max)
        overlay = rng.integers(0, 255, (4 * shape[0], 4 * shape[1], 3), np.uint8)
        return FeatureStack(values=values.astype(dtype), name="features", overlay=overlay)

    return make


@pytest.fixture(scope="session")
def gigabyte() -> FeatureStack:
    """1024 × 1024 pixels of 1024 features of 8 bit, which vary in a few directions mostly."""
    rng = np.random.default_rng(0)
    directions = rng.standard_normal((40, 1024), np.float32)
    values = np.empty((1024, 1024, 1024), np.uint8)
    for row in values:
        mixed = rng.standard_normal((1024, 40), np.float32) @ directions
        row[...] = np.clip(12.0 * mixed, 0, 255)
    return FeatureStack(values=values, name="gigabyte")
