from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from napari_ifealid.engines import (
    BlockwiseEngine,
    Engine,
    EngineChoice,
    EngineUnavailableError,
    Renderer,
    choice,
    find_renderer,
    plan_engine,
    prepare_stack,
    start_engine,
    start_in_steps,
    whole_map,
)
from napari_ifealid.engines.choice import EnginePlan
from napari_ifealid.engines.cpu import CpuEngine
from napari_ifealid.engines.gpu import GpuEngine
from napari_ifealid.grid import whole_region
from napari_ifealid.measures import SPECTRAL_ANGLE
from napari_ifealid.query import Query
from napari_ifealid.stack import FeatureStack

pytestmark = pytest.mark.usefixtures("qapp")

VALUES = np.random.default_rng(0).integers(0, 256, (20, 30, 10), np.uint8)
STACK = FeatureStack(values=VALUES, name="x")
QUERY = Query.to(VALUES[3, 4])
REGION = whole_region(STACK.spatial_shape)
EXPECTED = SPECTRAL_ANGLE.definition(VALUES, VALUES[3, 4])
LAZY = FeatureStack(values=da.from_array(VALUES, chunks=(10, 10, 10)), name="x")
HARDWARE = Renderer("NVIDIA H200", 16384, 1 << 30)
SOFTWARE = Renderer("llvmpipe (LLVM 15)", 16384, None)


def map_of(engine: Engine) -> np.ndarray:
    return whole_map(engine.parts(QUERY, REGION), REGION)


def empty_stack_of(shape: tuple[int, ...]) -> FeatureStack:
    """Return a stack of any size that takes no memory."""
    return FeatureStack(values=np.broadcast_to(np.uint8(1), shape), name="x")


LARGE = empty_stack_of((20_000, 10_000, 8))  # 1.6 GB of features, 0.8 GB of lengths


@pytest.mark.parametrize("renderer", [HARDWARE, SOFTWARE, None])
def test_cpu_runs_where_it_is_chosen(renderer):
    plan = plan_engine(EngineChoice.CPU, STACK, renderer)
    assert plan == EnginePlan(None, "as chosen")


@pytest.mark.parametrize("chosen", [EngineChoice.AUTOMATIC, EngineChoice.GPU])
def test_cpu_runs_where_there_is_no_opengl(chosen):
    plan = plan_engine(chosen, STACK, None)
    assert plan == EnginePlan(None, "there is no OpenGL here")


def test_automatic_is_the_cpu_where_opengl_runs_in_software():
    plan = plan_engine(EngineChoice.AUTOMATIC, STACK, SOFTWARE)
    assert plan.renderer is None
    assert SOFTWARE.name in plan.reason


def test_automatic_is_the_gpu_where_the_stack_fits():
    plan = plan_engine(EngineChoice.AUTOMATIC, STACK, HARDWARE)
    assert plan == EnginePlan(HARDWARE, "NVIDIA H200")


def test_automatic_is_the_cpu_where_the_stack_does_not_fit():
    plan = plan_engine(EngineChoice.AUTOMATIC, LARGE, HARDWARE)
    assert plan.renderer is None
    assert plan.reason == "the stack takes 2.41 GB on the GPU, 1.07 GB are free"


@pytest.mark.parametrize(("rows", "fits"), [(17_000, True), (20_000, False)])
def test_two_gibibytes_are_counted_on_where_the_driver_tells_none(rows, fits):
    stack = empty_stack_of((rows, 10_000, 8))
    plan = plan_engine(EngineChoice.AUTOMATIC, stack, Renderer("AMD Radeon", 16384, None))
    assert (plan.renderer is not None) == fits


@pytest.mark.parametrize("renderer", [HARDWARE, SOFTWARE])
@pytest.mark.parametrize("stack", [STACK, LARGE], ids=["small", "large"])
def test_gpu_runs_where_it_is_chosen(renderer, stack):
    plan = plan_engine(EngineChoice.GPU, stack, renderer)
    assert plan == EnginePlan(renderer, renderer.name)


@pytest.mark.parametrize("chosen", [EngineChoice.AUTOMATIC, EngineChoice.GPU])
def test_cpu_runs_where_a_pixel_has_more_features_than_a_texture_is_wide(chosen):
    stack = empty_stack_of((2, 2, 4 * 2048 + 1))
    plan = plan_engine(chosen, stack, Renderer("NVIDIA H200", 2048, 1 << 30))
    assert plan.renderer is None
    assert "8193 features" in plan.reason


@pytest.mark.parametrize("chosen", EngineChoice)
def test_stack_on_disk_is_compared_block_by_block_whatever_is_chosen(chosen):
    plan = plan_engine(chosen, LAZY, HARDWARE)
    assert plan == EnginePlan(None, "the stack stays on disk, 6 kB")
    running = start_engine(prepare_stack(LAZY, plan))
    assert isinstance(running.engine, BlockwiseEngine)
    assert (running.reason, running.is_stand_in) == (plan.reason, False)
    np.testing.assert_allclose(map_of(running.engine), EXPECTED, atol=1e-5)


def test_cpu_engine_starts_as_planned():
    running = start_engine(prepare_stack(STACK, EnginePlan(None, "as chosen")))
    assert isinstance(running.engine, CpuEngine)
    assert (running.reason, running.is_stand_in) == ("as chosen", False)
    assert running.stand_in is None


def test_gpu_engine_starts_as_planned():
    plan = plan_engine(EngineChoice.GPU, STACK, find_renderer())
    running = start_engine(prepare_stack(STACK, plan))
    assert isinstance(running.engine, GpuEngine)
    assert (running.reason, running.is_stand_in) == (plan.renderer.name, False)
    np.testing.assert_allclose(map_of(running.engine), EXPECTED, atol=1e-5)
    running.engine.close()


def test_gpu_engine_starts_in_steps_that_tell_how_far_it_is():
    plan = plan_engine(EngineChoice.GPU, STACK, find_renderer())
    steps = start_in_steps(prepare_stack(STACK, plan))
    assert [next(steps), next(steps)] == [0, 1]
    with pytest.raises(StopIteration) as end:
        next(steps)
    running = end.value.value
    np.testing.assert_allclose(map_of(running.engine), EXPECTED, atol=1e-5)
    running.engine.close()


@pytest.fixture
def closed(monkeypatch) -> list[GpuEngine]:
    """Collect the GPU engines that are closed."""
    engines = []
    close = GpuEngine.close

    def closing(engine: GpuEngine) -> None:
        engines.append(engine)
        close(engine)

    monkeypatch.setattr(GpuEngine, "close", closing)
    return engines


def test_gpu_engine_is_closed_when_its_start_is_given_up(closed):
    plan = plan_engine(EngineChoice.GPU, STACK, find_renderer())
    steps = start_in_steps(prepare_stack(STACK, plan))
    next(steps)
    steps.close()
    assert len(closed) == 1


@pytest.mark.parametrize("stack", [STACK, LAZY], ids=["in memory", "on disk"])
def test_other_engines_start_without_a_step(stack):
    steps = start_in_steps(prepare_stack(stack, EnginePlan(None, "as chosen")))
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert isinstance(end.value.value.engine, BlockwiseEngine if stack is LAZY else CpuEngine)


@pytest.mark.parametrize("bad", [0, np.nan])
def test_gpu_engine_starts_for_a_stack_of_nothing_else(bad):
    stack = FeatureStack(values=np.full((3, 4, 5), bad), name="x")
    plan = plan_engine(EngineChoice.GPU, stack, find_renderer())
    running = start_engine(prepare_stack(stack, plan))
    assert isinstance(running.engine, GpuEngine)
    running.engine.close()


def gpu_that_raises(error: Exception) -> type:
    def start(*_) -> None:
        raise error

    return start


PLAN = EnginePlan(HARDWARE, "NVIDIA H200")


@pytest.mark.parametrize(
    "error",
    [
        EngineUnavailableError("OpenGL does not start here"),
        RuntimeError("shader compilation error"),
        MemoryError("no more"),
        OSError("no libGL"),
    ],
)
def test_cpu_stands_in_for_a_gpu_that_does_not_start(monkeypatch, error):
    monkeypatch.setattr(choice, "GpuEngine", gpu_that_raises(error))
    running = start_engine(prepare_stack(STACK, PLAN))
    assert isinstance(running.engine, CpuEngine)
    assert running.is_stand_in
    assert running.reason == f"the GPU failed: {error}"
    np.testing.assert_allclose(map_of(running.engine), EXPECTED, atol=1e-5)


@pytest.mark.parametrize("similarity", [0.0, 1.0, 7.0, np.inf, np.nan])
def test_cpu_stands_in_for_a_gpu_that_draws_nonsense(monkeypatch, closed, similarity):
    def nonsense(viewport, **_) -> np.ndarray:
        return np.full((viewport[3], viewport[2], 4), similarity, np.float32)

    monkeypatch.setattr("vispy.gloo.read_pixels", nonsense)
    running = start_engine(prepare_stack(STACK, EnginePlan(find_renderer(), "as chosen")))
    assert isinstance(running.engine, CpuEngine)
    assert running.is_stand_in
    assert "the GPU failed: its map is off" in running.reason
    assert len(closed) == 1
    np.testing.assert_allclose(map_of(running.engine), EXPECTED, atol=1e-5)


def test_cpu_stands_in_for_a_gpu_that_fails_later():
    plan = plan_engine(EngineChoice.GPU, STACK, find_renderer())
    gpu = start_engine(prepare_stack(STACK, plan))
    gpu.engine.close()
    running = gpu.stand_in(EngineUnavailableError("the context was lost"))
    assert isinstance(running.engine, CpuEngine)
    assert running.reason == "the GPU failed: the context was lost"
    assert running.is_stand_in
    assert running.stand_in is None
    np.testing.assert_allclose(map_of(running.engine), EXPECTED, atol=1e-5)
