"""Previews of real stacks: how quick, and how near to the exact maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from napari_ifealid.engines import CpuEngine, preview_of
from napari_ifealid.engines.pixels import PixelVectors
from napari_ifealid.explorer.preview_builder import MEGABYTE, default_budget
from napari_ifealid.formats import read_stack

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
    exact = [CpuEngine(pixels).similarity_map(stack.vector(pixel)) for pixel in compared]
    near = [preview.similarity_map_of(pixel) for pixel in compared]
    ranks = [spearmanr(*maps, axis=None).statistic for maps in zip(exact, near, strict=True)]
    benchmark(preview.similarity_map_of, compared[0])
    benchmark.extra_info |= {
        "rank correlation, median": float(np.median(ranks)),
        "rank correlation, least": float(min(ranks)),
        "95 % are off by at most": float(np.percentile(np.abs(np.subtract(exact, near)), 95)),
        "as the preview says": preview.error,
    }
