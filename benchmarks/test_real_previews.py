"""Previews of real stacks: how quick, and how near to the exact maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from maps import map_of
from napari_ifealid.engines import CpuEngine, preview_of
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.explorer.preview_builder import MEGABYTE, default_budget
from napari_ifealid.formats import read_stack
from napari_ifealid.measures import SPECTRAL_ANGLE

DATA = (Path(__file__).resolve().parents[1] / "../shared/data").resolve()
PIXELS = 100  # compared, at random places


@pytest.mark.parametrize("layer", ["C1", "C3"], ids=["conv2_x", "conv4_x"])
def test_preview_of_a_real_stack(benchmark, layer):
    path = DATA / f"000000015746.jpg.{layer}.npz.8.zip"
    if not path.is_file():
        pytest.skip(f"the example datasets are not here: {DATA} is missing")
    stack = read_stack(path)
    pixels = PixelVectors.of(stack)
    preview = preview_of(pixels, MEGABYTE * default_budget())
    assert preview is not None
    rng = np.random.default_rng(0)
    compared = [tuple(rng.integers(stack.spatial_shape).tolist()) for _ in range(PIXELS)]
    exact = [map_of(CpuEngine(pixels), stack, pixel) for pixel in compared]
    near = [map_of(preview, stack, pixel) for pixel in compared]
    ranks = [spearmanr(*maps, axis=None).statistic for maps in zip(exact, near, strict=True)]
    benchmark(map_of, preview, stack, compared[0])
    benchmark.extra_info |= {
        "rank correlation, median": float(np.median(ranks)),
        "rank correlation, least": float(min(ranks)),
        "95 % are off by at most": float(np.percentile(np.abs(np.subtract(exact, near)), 95)),
        "as the preview says": preview.error_of(SPECTRAL_ANGLE),
    }
