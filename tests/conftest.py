"""What all tests share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from napari.components import ViewerModel
from napari.layers import Image, Layer

from napari_ifealid.layers import layer_data
from napari_ifealid.stack import FeatureStack

# a busy machine makes any example slow; what hangs meets pytest's own time limit
settings.register_profile("default", deadline=None)
settings.load_profile("default")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    folder = (Path(__file__).resolve().parents[1] / "../shared/data").resolve()
    if not folder.is_dir():
        pytest.skip(f"the test data are not here: {folder} is missing")
    return folder


@pytest.fixture
def stack() -> FeatureStack:
    """A small stack with an overlay four times its size, an all-zero pixel at (0, 0)."""
    rng = np.random.default_rng(7)
    values = rng.integers(0, 256, (6, 5, 9)).astype(np.uint8)
    values[0, 0] = 0
    overlay = rng.integers(0, 256, (24, 20, 3)).astype(np.uint8)
    return FeatureStack(values=values, name="small", overlay=overlay)


@pytest.fixture
def add_stack() -> Callable[[ViewerModel, FeatureStack], Image]:
    """Adds a stack's layers as a reader does, and returns the features."""

    def add(viewer: ViewerModel, stack: FeatureStack) -> Image:
        return [viewer.add_layer(Layer.create(*data)) for data in layer_data(stack)][-1]

    return add
