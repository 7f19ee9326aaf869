from __future__ import annotations

import numpy as np
import pytest
from dask.distributed import Client, LocalCluster
from overview_stacks import as_lazy, random_stack

from napari_ifealid.overview.stack_blocks import StackBlocks
from napari_ifealid.stack import FeatureStack


def first_feature(block: FeatureStack, *arguments) -> np.ndarray:
    return block.real_values(block.values)[..., 0]


def number_of(block: FeatureStack, number: int) -> int:
    return number


def whole(blocks: StackBlocks) -> np.ndarray:
    values = np.full(blocks.stack.spatial_shape, np.nan)
    for region, part in blocks.results(first_feature):
        assert np.isnan(values[region]).all()
        values[region] = part
    return values


@pytest.mark.parametrize(
    "shape", [(40, 30, 7), (1, 900, 3), (900, 1, 3), (2, 3, 400), (5, 6, 7, 3)]
)
@pytest.mark.parametrize("is_lazy", [False, True])
def test_blocks_fill_the_stack(shape, is_lazy, small_parts):
    stack = random_stack(shape)
    blocks = StackBlocks(as_lazy(stack) if is_lazy else stack)
    assert len(blocks) > 1
    np.testing.assert_array_equal(whole(blocks), stack.values[..., 0])


@pytest.mark.parametrize("is_lazy", [False, True])
def test_results_come_in_order_with_their_arguments(is_lazy, small_parts):
    stack = random_stack((40, 30, 7))
    blocks = StackBlocks(as_lazy(stack) if is_lazy else stack)
    numbers = list(range(len(blocks)))
    results = list(blocks.results(number_of, numbers))
    assert [number for _, number in results] == numbers
    assert [region for region, _ in results] == blocks.regions


def test_real_values_are_restored_in_each_block(small_parts):
    values = np.random.default_rng(0).integers(0, 256, (30, 20, 5), np.uint8)
    stack = FeatureStack(values=values, name="x", value_range=(-1.0, 2.0))
    for one in (stack, as_lazy(stack)):
        np.testing.assert_allclose(whole(StackBlocks(one)), stack.real_values(values)[..., 0])


@pytest.mark.parametrize("is_lazy", [False, True])
def test_what_is_cancelled_is_not_begun(is_lazy, small_parts):
    stack = random_stack((60, 50, 7))
    blocks = StackBlocks(as_lazy(stack, (10, 10, 7)) if is_lazy else stack)
    begun = []
    results = blocks.results(lambda block: begun.append(block))
    next(results)
    results.close()
    assert 1 <= len(begun) < len(blocks)


def test_blocks_are_computed_on_the_active_cluster(small_parts):
    stack = as_lazy(random_stack((30, 20, 5)))
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        Client(cluster),
    ):
        ran = {name for _, name in StackBlocks(stack).results(_thread)}
    assert all("Dask" in name for name in ran)


def _thread(block: FeatureStack) -> str:
    import threading

    return threading.current_thread().name
