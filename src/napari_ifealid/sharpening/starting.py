"""Which engine makes sharp maps, and why."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from math import prod

from napari_ifealid.engines import (
    ASSUMED_GPU_BYTES,
    EngineChoice,
    EnginePlan,
    Renderer,
    RunningEngine,
)
from napari_ifealid.errors import first_line
from napari_ifealid.sharpening.sharp_engine import SharpEngine
from napari_ifealid.sharpening.sharp_gpu_engine import SharpGpuEngine
from napari_ifealid.sizes import size_text

_GPU_BYTES = 64  # per pixel of the image, of 9 taps


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
    if choice is EngineChoice.CPU:
        return EnginePlan(None, "as chosen")
    if renderer is None:
        return EnginePlan(None, "there is no OpenGL here")
    if choice is EngineChoice.GPU:
        return EnginePlan(renderer, renderer.name)
    if renderer.is_software:
        return EnginePlan(None, f"OpenGL runs in software here, {renderer.name}")
    needed = _GPU_BYTES * prod(cpu.weights.image_shape)
    free = ASSUMED_GPU_BYTES if renderer.free_memory is None else renderer.free_memory
    if needed > free:
        return EnginePlan(
            None, f"the weights take {size_text(needed)} on the GPU, {size_text(free)} are free"
        )
    return EnginePlan(renderer, renderer.name)


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
