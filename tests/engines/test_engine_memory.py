from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from napari_ifealid.engines import CpuEngine, EngineUnavailableError, find_renderer
from napari_ifealid.engines.engine_memory import USUAL_TEXTURE_SIDE, cpu_memory, gpu_memory
from napari_ifealid.engines.gpu import GpuEngine
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.stack import FeatureStack

CUBE = np.random.default_rng(0).integers(0, 100, (6, 5, 9))


def stack_of(values, **arguments) -> FeatureStack:
    return FeatureStack(values=values, name="x", **arguments)


@pytest.mark.parametrize("dtype", ["?", "u1", "i2", "u8", "f2", "f4", "f8"])
@pytest.mark.parametrize(
    ("laid_out", "copies"),
    [
        (np.ascontiguousarray, 1),
        (lambda values: np.moveaxis(np.moveaxis(values, -1, 0).copy(), 0, -1), 1),
        (np.asfortranarray, 2),
        (lambda values: np.concatenate([values, values], axis=1)[:, : values.shape[1]], 2),
    ],
    ids=["features last", "features first", "Fortran", "cropped"],
)
def test_cpu_memory_is_that_of_the_stack_its_copies_and_the_engine(dtype, laid_out, copies):
    stack = stack_of(laid_out(CUBE.astype(dtype)))
    pixels = PixelVectors.of(stack)
    assert np.shares_memory(pixels.stored, stack.values) == (copies == 1)
    assert cpu_memory(stack) == copies * stack.values.nbytes + CpuEngine(pixels).memory


def test_cpu_memory_of_a_lazy_stack_is_that_of_the_loaded_one():
    lazy = stack_of(da.from_array(CUBE, chunks=3))
    assert cpu_memory(lazy) == cpu_memory(stack_of(CUBE))


@pytest.mark.parametrize("side", [16, 2048])
@pytest.mark.parametrize(
    ("dtype", "value_range"),
    [
        ("u1", None),
        ("u1", (0.0, 5.0)),
        ("u1", (-2.0, 1.0)),
        ("u2", None),
        ("u2", (1.0, 2.0)),
        ("i2", None),
        ("f4", None),
        ("f8", None),
    ],
)
def test_gpu_memory_is_what_the_engine_holds(qapp, dtype, value_range, side):
    if find_renderer() is None:
        pytest.skip("there is no OpenGL here")
    stack = stack_of(CUBE.astype(dtype), value_range=value_range)
    engine = GpuEngine(PixelVectors.of(stack), side)
    assert gpu_memory(stack, side) == engine.memory
    engine.close()


def test_usual_texture_side_is_taken_where_none_is_told():
    stack = stack_of(np.broadcast_to(np.uint8(1), (3000, 1000, 8)))
    assert gpu_memory(stack) == gpu_memory(stack, USUAL_TEXTURE_SIDE) != gpu_memory(stack, 100)


def test_pixel_that_fits_no_texture_can_not_go_to_the_gpu():
    stack = stack_of(np.broadcast_to(np.uint8(1), (1, 1, 4 * USUAL_TEXTURE_SIDE + 1)))
    with pytest.raises(EngineUnavailableError, match="65537 features"):
        gpu_memory(stack)
