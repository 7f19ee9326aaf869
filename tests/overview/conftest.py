"""What the tests of overviews share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tifffile

from napari_ifealid import read_stack
from napari_ifealid.stack import FeatureStack

REAL = [
    "000000015746.jpg.C1.npz.8.zip",
    "000000015746.jpg.C3.npz.8.zip",
    "hyperspectral/enmap_potsdam_tile_64_0.tif",
]


@pytest.fixture(params=REAL)
def real_stack(request, shared_data) -> FeatureStack:
    """Every other row and column of two layers of a network, and of a cube of a satellite."""
    path = shared_data / request.param
    if path.suffix == ".tif":
        stack = FeatureStack(values=np.moveaxis(tifffile.imread(path), 0, -1), name="Potsdam")
    else:
        stack = read_stack(path)
    return replace(stack, values=stack.values[::2, ::2])


@pytest.fixture
def small_parts(monkeypatch) -> None:
    """Cuts small stacks into many blocks, and blocks into parts."""
    monkeypatch.setattr("napari_ifealid.overview.aspect._PART_VALUES", 200)
    monkeypatch.setattr("napari_ifealid.lazy_arrays.BLOCK_BYTES", 4000)
