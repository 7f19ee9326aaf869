"""Overviews of a whole stack: components and segments."""

from __future__ import annotations

import pytest

from napari_ifealid.overview import components_picture, principal_components, segments

SHAPE = 256, 512, 256


@pytest.mark.benchmark(group="overview of 256 × 512 × 256 at 8 bit")
def test_components(benchmark, make_stack):
    components = benchmark.pedantic(
        principal_components, (make_stack(SHAPE),), rounds=3, warmup_rounds=1
    )
    assert components_picture(components).shape == (256, 512, 4)


@pytest.mark.benchmark(group="overview of 256 × 512 × 256 at 8 bit")
@pytest.mark.parametrize("count", [8, 20])
def test_segments(benchmark, make_stack, count):
    found = benchmark.pedantic(segments, (make_stack(SHAPE), count), rounds=3, warmup_rounds=1)
    assert found.sizes.sum() == 256 * 512
