"""Which engine runs, and why."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from napari_ifealid.engines.blockwise import BlockwiseEngine
from napari_ifealid.engines.cpu import CpuEngine
from napari_ifealid.engines.engine import Engine, EngineUnavailableError
from napari_ifealid.engines.gl_context import Renderer
from napari_ifealid.engines.gpu import GpuEngine
from napari_ifealid.engines.pixels import PixelVectors
from napari_ifealid.engines.texture_blocks import BlockLayout, texel_dtype
from napari_ifealid.stack import FeatureStack

_MEMORY_IF_UNTOLD = 2 << 30  # bytes that any graphics card of today has
_CHECKED = 10_000  # pixels; all of them would take the CPU long


class EngineChoice(Enum):
    """What the user asks for."""

    AUTOMATIC = "automatic"
    CPU = "CPU"
    GPU = "GPU"


@dataclass(frozen=True)
class EnginePlan:
    """Which engine to start, and why, in words for the user.

    Parameters
    ----------
    renderer : Renderer, optional
        What the GPU engine is to run on; None for the CPU engine.
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
    """An engine at work.

    Parameters
    ----------
    engine : Engine
    pixels : PixelVectors or None
        What it compares; None for a stack that stays on disk.
    reason : str
        Why it is this engine, in words for the user.
    has_failed_gpu : bool
        Whether it stands in for a GPU engine that failed.
    """

    engine: Engine
    pixels: PixelVectors | None
    reason: str
    has_failed_gpu: bool = False


def plan_engine(choice: EngineChoice, stack: FeatureStack, renderer: Renderer | None) -> EnginePlan:
    """Decide on an engine.

    Automatic takes the GPU where the renderer is hardware and the stack fits its memory.

    Parameters
    ----------
    choice : EngineChoice
    stack : FeatureStack
    renderer : Renderer, optional
        What draws for OpenGL here; None if nothing does.

    Returns
    -------
    EnginePlan
    """
    if stack.is_on_disk:
        size = stack.values.nbytes / 2**30
        return EnginePlan(None, f"the stack stays on disk, {size:.1f} GiB")
    if choice is EngineChoice.CPU:
        return EnginePlan(None, "as chosen")
    if renderer is None:
        return EnginePlan(None, "there is no OpenGL here")
    try:
        needed = _texture_bytes(stack, renderer)
    except EngineUnavailableError as error:
        return EnginePlan(None, str(error))
    if choice is EngineChoice.GPU:
        return EnginePlan(renderer, renderer.name)
    if renderer.is_software:
        return EnginePlan(None, f"OpenGL runs in software here, {renderer.name}")
    free = _MEMORY_IF_UNTOLD if renderer.free_memory is None else renderer.free_memory
    if needed > free:
        return EnginePlan(
            None, f"the stack takes {needed / 2**30:.1f} GiB on the GPU, {free / 2**30:.1f} free"
        )
    return EnginePlan(renderer, renderer.name)


def prepare_stack(stack: FeatureStack, plan: EnginePlan) -> PreparedStack | PreparedBlocks:
    """Do all of an engine's start that needs no window: may run in any thread."""
    if stack.is_on_disk:
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
        return RunningEngine(prepared.engine, None, prepared.plan.reason)
    pixels, plan = prepared.pixels, prepared.plan
    if plan.renderer is None:
        return RunningEngine(CpuEngine(pixels), pixels, plan.reason)
    try:
        gpu = yield from _start_gpu(pixels, plan.renderer.max_texture_side)
    except Exception as error:  # drivers fail in many ways; none of them may stop the user
        return cpu_instead(pixels, error)
    return RunningEngine(gpu, pixels, plan.reason)


def cpu_instead(pixels: PixelVectors, error: Exception) -> RunningEngine:
    """Start the CPU engine because the GPU failed."""
    return RunningEngine(CpuEngine(pixels), pixels, f"the GPU failed: {error}", has_failed_gpu=True)


def _start_gpu(pixels: PixelVectors, max_side: int) -> Generator[float, None, GpuEngine]:
    gpu = GpuEngine(pixels, max_side)
    try:
        yield from gpu.upload()
        _check(gpu, pixels)
    except BaseException:  # a closed generator, too
        gpu.close()
        raise
    return gpu


def _check(gpu: GpuEngine, pixels: PixelVectors) -> None:
    """Compare pixels of a map with the CPU's, since a driver may draw nonsense without an error."""
    rows = np.unique(np.linspace(0, pixels.pixel_count - 1, _CHECKED).astype(np.intp))
    sample = replace(
        pixels,
        stored=pixels.stored[rows],
        spatial_shape=(len(rows),),
        inverse_lengths=pixels.inverse_lengths[rows],
        is_zero=pixels.is_zero[rows],
        is_invalid=pixels.is_invalid[rows],
    )
    reference = np.ones(pixels.feature_count)
    drawn = gpu.similarity_map(reference).reshape(-1)[rows]
    known = CpuEngine(sample).similarity_map(reference)
    worst = float(np.abs(np.nan_to_num(drawn, nan=-1.0) - np.nan_to_num(known, nan=-1.0)).max())
    if worst > 1e-3:
        raise EngineUnavailableError(f"its map is off by {worst:.2g}")


def _layout(stack: FeatureStack, renderer: Renderer) -> BlockLayout:
    return BlockLayout.of(stack.pixel_count, stack.feature_count, renderer.max_texture_side)


def _texture_bytes(stack: FeatureStack, renderer: Renderer) -> int:
    is_scaled = stack.value_range is not None and stack.value_range[0] != 0.0
    dtype = texel_dtype(stack.values.dtype, is_scaled=is_scaled)
    return _layout(stack, renderer).texture_bytes(dtype)
