"""What the tests of engines share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from unittest.mock import patch

import pytest
from qtpy.QtGui import QOffscreenSurface, QOpenGLContext

from napari_ifealid.engines import Engine
from napari_ifealid.engines.compiled import compiled_dot_products
from napari_ifealid.engines.cpu import CpuEngine
from napari_ifealid.engines.gpu import GpuEngine
from napari_ifealid.engines.pixels import PixelVectors
from napari_ifealid.stack import FeatureStack

Run = Callable[..., AbstractContextManager[Engine]]


@contextmanager
def run_compiled(stack: FeatureStack, _max_side: int = 2048) -> Iterator[Engine]:
    pixels = PixelVectors.of(stack)
    compiled_dot_products(pixels.stored).result()
    engine = CpuEngine(pixels)
    yield engine
    engine.close()


@contextmanager
def run_blas(stack: FeatureStack, _max_side: int = 2048) -> Iterator[Engine]:
    with patch("napari_ifealid.engines.compiled.has_numba", return_value=False):
        engine = CpuEngine(PixelVectors.of(stack))
        yield engine
        engine.close()


@contextmanager
def run_gpu(stack: FeatureStack, max_side: int = 2048) -> Iterator[Engine]:
    engine = GpuEngine(PixelVectors.of(stack), max_side)
    list(engine.upload())
    yield engine
    engine.close()


RUNS = {"CPU, compiled": run_compiled, "CPU, BLAS": run_blas, "GPU": run_gpu}


@pytest.fixture(scope="session", params=RUNS.values(), ids=RUNS)
def running(request, qapp) -> Run:
    """Run any engine on a stack: `with running(stack, max_side) as engine`."""
    return request.param


@pytest.fixture(scope="session")
def running_gpu(qapp) -> Run:
    return run_gpu


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
