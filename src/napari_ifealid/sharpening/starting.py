"""Which engine makes sharp maps, and why."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial

from napari_ifealid.engines import (
    EngineChoice,
    EnginePlan,
    Renderer,
    RunningEngine,
    plan_gpu,
)
from napari_ifealid.errors import first_line
from napari_ifealid.sharpening.sharp_engine import SharpEngine
from napari_ifealid.sharpening.sharp_gpu_engine import SharpGpuEngine
from napari_ifealid.sharpening.tap_layout import TapLayout


def plan_sharp(choice: EngineChoice, cpu: SharpEngine, renderer: Renderer | None) -> EnginePlan:
    """Decide on an engine for sharp maps.

    Automatic takes the GPU where the renderer is hardware and the weights fit its memory.

    Parameters
    ----------
    choice : EngineChoice
    cpu : SharpEngine
    renderer : Renderer, optional
        OpenGL's renderer here; None if OpenGL does not work.
    """

    def memory_for(side: int) -> int:
        return TapLayout.of(cpu.weights, cpu.stack_shape, side).texture_bytes

    return plan_gpu(choice, renderer, memory_for, needer="the weights take")


def start_sharp_in_steps(
    cpu: SharpEngine, plan: EnginePlan
) -> Generator[float, None, RunningEngine]:
    """Start the engine that was planned, or the CPU engine if the GPU fails, step by step.

    To be gone through in the thread of the window, which may handle its events between the steps.
    Closing the generator gives back what the engine holds.

    Yields
    ------
    float
        The share of the weights that is on the GPU.

    Returns
    -------
    RunningEngine
    """
    if plan.renderer is None:
        return RunningEngine(cpu, plan.reason)
    stand_in = partial(_cpu_instead, cpu)
    try:
        gpu = yield from _start_gpu(cpu, plan.renderer.max_texture_side)
    except Exception as error:  # drivers fail in many ways; none of them may stop the user
        return stand_in(error)
    return RunningEngine(gpu, plan.reason, stand_in)


def _cpu_instead(cpu: SharpEngine, error: Exception) -> RunningEngine:
    """Start the CPU engine because the GPU failed."""
    return RunningEngine(cpu, f"the GPU failed: {first_line(error)}", is_stand_in=True)


def _start_gpu(cpu: SharpEngine, max_side: int) -> Generator[float, None, SharpGpuEngine]:
    gpu = SharpGpuEngine(cpu, max_side)
    try:
        yield from gpu.upload()
    except BaseException:  # also where nobody waits for it any more
        gpu.close()
        raise
    return gpu
