"""Stacks that take long: previews, and maps block by block."""

from __future__ import annotations

import numpy as np
import pytest

from maps import map_of, wait_until_compiled
from napari_ifealid.engines import BlockwiseEngine, CpuEngine, preview_of
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.formats import read_stack, write_array
from napari_ifealid.measures import SPECTRAL_ANGLE

PIXEL = 700, 300
BUDGET = 1 << 30


@pytest.fixture(scope="module")
def pixels(gigabyte) -> PixelVectors:
    return PixelVectors.of(gigabyte)


@pytest.fixture(scope="module")
def on_disk(gigabyte, tmp_path_factory) -> BlockwiseEngine:
    path = tmp_path_factory.mktemp("large") / "gigabyte.zarr"
    write_array(path, gigabyte)
    return BlockwiseEngine(read_stack(path))


@pytest.mark.benchmark(group="a gigabyte")
def test_exact_map(benchmark, gigabyte, pixels):
    wait_until_compiled(pixels.stored)
    similarity = benchmark(map_of, CpuEngine(pixels), gigabyte, PIXEL)
    assert similarity[PIXEL] == 1.0


@pytest.mark.benchmark(group="a gigabyte")
def test_preview(benchmark, gigabyte, pixels):
    preview = preview_of(pixels, BUDGET)
    assert preview is not None
    wait_until_compiled(preview.codes)
    similarity = benchmark(map_of, preview, gigabyte, PIXEL)
    exact = map_of(CpuEngine(pixels), gigabyte, PIXEL)
    off = np.percentile(np.abs(similarity - exact), 95)
    benchmark.extra_info |= {
        "stack, MB": gigabyte.values.nbytes / 1e6,
        "beside the stack, MB": preview.memory / 1e6,
        "95 % are off by at most": float(off),
        "as the preview says": preview.error_of(SPECTRAL_ANGLE),
    }


@pytest.mark.benchmark(group="a gigabyte")
def test_building_the_preview(benchmark, pixels):
    assert benchmark.pedantic(preview_of, (pixels, BUDGET), rounds=3) is not None


@pytest.mark.benchmark(group="a gigabyte")
def test_exact_map_block_by_block(benchmark, gigabyte, on_disk):
    similarity = benchmark.pedantic(map_of, (on_disk, gigabyte, PIXEL), rounds=5, warmup_rounds=1)
    assert similarity[PIXEL] == 1.0


@pytest.mark.benchmark(group="a gigabyte")
def test_building_the_preview_block_by_block(benchmark, on_disk):
    *_, preview = benchmark.pedantic(lambda: list(on_disk.preview_steps(BUDGET)), rounds=2)
    assert preview is not None
