"""What the explorer's tests share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_ifealid.stack import FeatureStack


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def features(viewer, add_stack, stack) -> Image:
    return add_stack(viewer, stack)


@pytest.fixture
def make_stack() -> Callable[..., FeatureStack]:
    """Makes small stacks, each with values and an image of its own."""

    def make(name: str, *, shape=(6, 5, 9), image=(24, 20)) -> FeatureStack:
        rng = np.random.default_rng(sum(name.encode()))
        overlay = None if image is None else rng.integers(0, 256, (*image, 3)).astype(np.uint8)
        values = rng.integers(1, 256, shape).astype(np.uint8)
        return FeatureStack(values=values, name=name, overlay=overlay)

    return make
