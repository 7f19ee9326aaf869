"""What the tests of engines share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar
from unittest.mock import patch

import dask.array as da
import pytest
from dask.distributed import Client, LocalCluster
from qtpy.QtGui import QOffscreenSurface, QOpenGLContext

from napari_ifealid.engines import BlockwiseEngine, CpuEngine, Engine, find_renderer
from napari_ifealid.engines.byte_products import bytes_function
from napari_ifealid.engines.compiled import compiled_products, has_numba
from napari_ifealid.engines.gpu import GpuEngine
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.stack import FeatureStack

MAX_SIDE = 2048
"""Longest side of a texture, in texels, that every driver has."""

Item = TypeVar("Item")

_OF_THE_PROCESSOR = {"has_instructions", "needs_bytes"}
"""Fixtures of tests of instructions that not every processor has."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests of instructions that this processor does not have: there is nothing there."""
    left_out = [item for item in items if _OF_THE_PROCESSOR & {*getattr(item, "fixturenames", ())}]
    if left_out and bytes_function() is None:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


def pytest_report_collectionfinish() -> str:
    """Say so."""
    has_bytes = bytes_function() is not None
    return "" if has_bytes else "no products of bytes: this processor lacks them, or llvmlite does"


@contextmanager
def run_cpu(stack: FeatureStack, max_side: int = MAX_SIDE) -> Iterator[Engine]:
    """Run the CPU engine with all that makes it quicker."""
    pixels = PixelVectors.of(stack)
    compiled_products(pixels.stored).result()
    engine = CpuEngine(pixels)
    yield engine
    engine.close()


@contextmanager
def run_compiled(stack: FeatureStack, max_side: int = MAX_SIDE) -> Iterator[Engine]:
    """Run the CPU engine with what numba compiles, without the processor's products of bytes."""
    if not has_numba():
        pytest.skip("numba is not installed")
    with (
        patch("napari_ifealid.engines.products.byte_products", return_value=None),
        run_cpu(stack) as engine,
    ):
        yield engine


@contextmanager
def run_blas(stack: FeatureStack, max_side: int = MAX_SIDE) -> Iterator[Engine]:
    """Run the CPU engine as it is without numba."""
    with (
        patch("napari_ifealid.engines.products.byte_products", return_value=None),
        patch("napari_ifealid.engines.compiled.has_numba", return_value=False),
        run_cpu(stack) as engine,
    ):
        yield engine


@contextmanager
def run_gpu(stack: FeatureStack, max_side: int = MAX_SIDE) -> Iterator[Engine]:
    engine = GpuEngine(PixelVectors.of(stack), max_side)
    list(engine.upload())
    yield engine
    engine.close()


@contextmanager
def run_blocks(stack: FeatureStack, max_side: int = MAX_SIDE) -> Iterator[Engine]:
    """Run the engine for lazy stacks, on blocks that are cut along all axes."""
    with blockwise_engine(stack, stack.values.shape, stack.pixel_count // 3) as engine:
        yield engine


@contextmanager
def run_two_blocks(stack: FeatureStack, max_side: int = MAX_SIDE) -> Iterator[Engine]:
    """Run the engine for lazy stacks, on two blocks."""
    length, *others = stack.values.shape
    half = -(-length // 2)
    with blockwise_engine(stack, (half, *others), stack.pixel_count // length * half) as engine:
        yield engine


@contextmanager
def blockwise_engine(stack: FeatureStack, chunks: tuple[int, ...], block: int) -> Iterator[Engine]:
    """Run the engine for lazy stacks, on blocks of so many pixels."""
    pixel_bytes = stack.feature_count * stack.values.itemsize
    with patch("napari_ifealid.lazy_arrays.BLOCK_BYTES", pixel_bytes * max(1, block)):
        values = da.from_array(stack.values, chunks=chunks, name=False)
        engine = BlockwiseEngine(replace(stack, values=values))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Client]:
    """A cluster of one other process. Used inside of `cluster.as_current()` only."""
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=2, host="127.0.0.1", dashboard_address=None
        ) as started,
        Client(started, set_as_default=False) as client,
    ):
        yield client


@dataclass(frozen=True)
class Run:
    """Runs an engine on a stack: `with running(stack) as engine`.

    Parameters
    ----------
    start : callable
        `start(stack, max_side)` returns a context manager of the engine.
    examples : int
        How many random examples are worth their time.
    most : int
        How many of several alike are worth it.
    """

    start: Callable[..., AbstractContextManager[Engine]]
    examples: int = 50
    most: int = 20

    def __call__(
        self, stack: FeatureStack, max_side: int = MAX_SIDE
    ) -> AbstractContextManager[Engine]:
        return self.start(stack, max_side)

    def some(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return as many of the items as are worth it, the first among them."""
        return items[:: -(-len(items) // self.most)]


RUNS = {
    "CPU": Run(run_cpu),
    "CPU, compiled": Run(run_compiled),
    "CPU, BLAS": Run(run_blas),
    "GPU": Run(run_gpu, examples=25),
    "blocks in threads": Run(run_blocks, examples=25),
    "blocks on a cluster": Run(run_two_blocks, examples=4, most=2),
}


@pytest.fixture(scope="module", params=RUNS)
def running(request, qapp) -> Iterator[Run]:
    """Runs any engine on a stack."""
    if request.param == "GPU" and find_renderer() is None:
        pytest.skip("there is no OpenGL here")
    with ExitStack() as context:
        if request.param == "blocks on a cluster":
            context.enter_context(request.getfixturevalue("cluster").as_current())
        yield RUNS[request.param]


@pytest.fixture(scope="session")
def running_gpu(qapp) -> Run:
    if find_renderer() is None:
        pytest.skip("there is no OpenGL here")
    return RUNS["GPU"]


@pytest.fixture
def make_foreign_current(qapp) -> Iterator[Callable[[], QOpenGLContext]]:
    """Make an OpenGL context of someone else's current, and return it."""
    surface, context = QOffscreenSurface(), QOpenGLContext()
    surface.create()
    assert context.create()

    def make_current() -> QOpenGLContext:
        assert context.makeCurrent(surface)
        return context

    yield make_current
    context.doneCurrent()
