"""Which engine runs, and why."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum
from functools import partial

from napari_ifealid.engines.blockwise import BlockwiseEngine
from napari_ifealid.engines.cpu import CpuEngine
from napari_ifealid.engines.engine import Engine, EngineUnavailableError
from napari_ifealid.engines.engine_memory import gpu_memory
from napari_ifealid.engines.gl_context import Renderer
from napari_ifealid.engines.gpu import GpuEngine
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.errors import first_line
from napari_ifealid.sizes import size_text
from napari_ifealid.stack import FeatureStack

ASSUMED_GPU_BYTES = 2 << 30
"""Memory of a graphics card whose driver does not say: any of today has as much."""


class EngineChoice(Enum):
    """The user's choice of an engine."""

    AUTOMATIC = "automatic"
    CPU = "CPU"
    GPU = "GPU"


@dataclass(frozen=True)
class EnginePlan:
    """Which engine to start, and why, in words for the user.

    Parameters
    ----------
    renderer : Renderer, optional
        Renderer for the GPU engine; None for the CPU engine.
    reason : str
    """

    renderer: Renderer | None
    reason: str


@dataclass(frozen=True, eq=False)
class PreparedStack:
    """A stack measured for the engine that a plan names."""

    pixels: PixelVectors
    plan: EnginePlan


@dataclass(frozen=True, eq=False)
class PreparedBlocks:
    """A stack that stays on disk, cut into blocks."""

    engine: BlockwiseEngine
    plan: EnginePlan


@dataclass(frozen=True, eq=False)
class RunningEngine:
    """An engine at work. Whoever has it closes it.

    Parameters
    ----------
    engine : Engine
    reason : str
        Why it is this engine, in words for the user.
    stand_in : callable, optional
        `stand_in(error)` starts the engine that takes over if this one fails. None: nothing does.
    is_stand_in : bool
        Whether it took over from one that failed.
    helper : callable, optional
        `helper(refusal)` starts the engine that makes the maps that this one refuses. None: it
        refuses none.
    """

    engine: Engine
    reason: str
    stand_in: Callable[[Exception], RunningEngine] | None = None
    is_stand_in: bool = False
    helper: Callable[[str], RunningEngine] | None = None


def plan_engine(choice: EngineChoice, stack: FeatureStack, renderer: Renderer | None) -> EnginePlan:
    """Decide on an engine.

    Automatic takes the GPU where the renderer is hardware and the stack fits its memory.

    Parameters
    ----------
    choice : EngineChoice
    stack : FeatureStack
    renderer : Renderer, optional
        OpenGL's renderer here; None if OpenGL does not work.

    Returns
    -------
    EnginePlan
    """
    if stack.is_lazy:
        return EnginePlan(None, f"the stack stays on disk, {size_text(stack.values.nbytes)}")
    return plan_gpu(
        choice, renderer, lambda side: gpu_memory(stack, side), needer="the stack takes"
    )


def plan_gpu(
    choice: EngineChoice,
    renderer: Renderer | None,
    memory_for: Callable[[int], int],
    *,
    needer: str,
) -> EnginePlan:
    """Decide between the GPU, for something that takes memory there, and the CPU.

    Parameters
    ----------
    choice : EngineChoice
    renderer : Renderer or None
    memory_for : callable
        `memory_for(side)`: the bytes that it takes, for the longest side of a texture. Raises an
        `EngineUnavailableError` where it does not fit any texture.
    needer : str
        What takes them, such as "the stack takes".
    """
    if choice is EngineChoice.CPU:
        return EnginePlan(None, "as chosen")
    if renderer is None:
        return EnginePlan(None, "there is no OpenGL here")
    try:
        needed = memory_for(renderer.max_texture_side)
    except EngineUnavailableError as error:
        return EnginePlan(None, str(error))
    if choice is EngineChoice.GPU:
        return EnginePlan(renderer, renderer.name)
    if renderer.is_software:
        return EnginePlan(None, f"OpenGL runs in software here, {renderer.name}")
    free = ASSUMED_GPU_BYTES if renderer.free_memory is None else renderer.free_memory
    if needed > free:
        needs = f"{needer} {size_text(needed)} on the GPU"
        return EnginePlan(None, f"{needs}, {size_text(free)} are free")
    return EnginePlan(renderer, renderer.name)


def prepare_stack(stack: FeatureStack, plan: EnginePlan) -> PreparedStack | PreparedBlocks:
    """Do all of an engine's start that needs no window: may run in any thread."""
    if stack.is_lazy:
        return PreparedBlocks(BlockwiseEngine(stack), plan)
    return PreparedStack(PixelVectors.of(stack), plan)


def start_engine(prepared: PreparedStack | PreparedBlocks) -> RunningEngine:
    """Start the engine that was planned, or the CPU engine if the GPU fails.

    To be called in the thread of the window, which it stops for as long as the upload takes.
    """
    steps = start_in_steps(prepared)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            running: RunningEngine = end.value
            return running


def start_in_steps(
    prepared: PreparedStack | PreparedBlocks,
) -> Generator[float, None, RunningEngine]:
    """Start the engine that was planned, or the CPU engine if the GPU fails, step by step.

    To be gone through in the thread of the window, which may handle its events between the steps.
    Closing the generator gives back what the engine holds.

    Yields
    ------
    float
        The share of the features that is on the GPU.

    Returns
    -------
    RunningEngine
    """
    if isinstance(prepared, PreparedBlocks):
        return RunningEngine(prepared.engine, prepared.plan.reason)
    pixels, plan = prepared.pixels, prepared.plan
    if plan.renderer is None:
        return RunningEngine(CpuEngine(pixels), plan.reason)
    stand_in = partial(_cpu_instead, pixels)
    try:
        gpu = yield from _start_gpu(pixels, plan.renderer.max_texture_side)
    except Exception as error:  # drivers fail in many ways; none of them may stop the user
        return stand_in(error)
    return RunningEngine(gpu, plan.reason, stand_in, helper=partial(_cpu_beside, pixels))


def _cpu_instead(pixels: PixelVectors, error: Exception) -> RunningEngine:
    """Start the CPU engine because the GPU failed."""
    return RunningEngine(
        CpuEngine(pixels), f"the GPU failed: {first_line(error)}", is_stand_in=True
    )


def _cpu_beside(pixels: PixelVectors, refusal: str) -> RunningEngine:
    """Start the CPU engine for what the GPU engine refuses."""
    return RunningEngine(CpuEngine(pixels), refusal)


def _start_gpu(pixels: PixelVectors, max_side: int) -> Generator[float, None, GpuEngine]:
    gpu = GpuEngine(pixels, max_side)
    try:
        yield from gpu.upload()
        gpu.test()
    except BaseException:  # a closed generator, too
        gpu.close()
        raise
    return gpu
