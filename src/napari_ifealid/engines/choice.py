"""Which engine runs, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from napari_ifealid.engines.blockwise import BlockwiseEngine
from napari_ifealid.engines.cpu import CpuEngine
from napari_ifealid.engines.engine import Engine, EngineUnavailableError
from napari_ifealid.engines.gl_context import Renderer
from napari_ifealid.engines.gpu import GpuEngine
from napari_ifealid.engines.pixels import PixelVectors
from napari_ifealid.engines.texture_blocks import (
    BlockLayout,
    TextureBlock,
    pack_blocks,
    texel_dtype,
)
from napari_ifealid.stack import FeatureStack

_MEMORY_IF_UNTOLD = 2 << 30  # bytes that any graphics card of today has


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
    """A stack measured and packed for the engine that a plan names."""

    pixels: PixelVectors
    blocks: list[TextureBlock] | None
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
    pixels = PixelVectors.of(stack)
    if plan.renderer is None:
        return PreparedStack(pixels, None, plan)
    return PreparedStack(pixels, list(pack_blocks(pixels, _layout(stack, plan.renderer))), plan)


def start_engine(prepared: PreparedStack | PreparedBlocks) -> RunningEngine:
    """Start the engine that was planned, or the CPU engine if the GPU fails.

    To be called in the thread of the window.
    """
    if isinstance(prepared, PreparedBlocks):
        return RunningEngine(prepared.engine, None, prepared.plan.reason)
    pixels, plan = prepared.pixels, prepared.plan
    cpu = CpuEngine(pixels)
    if plan.renderer is None:
        return RunningEngine(cpu, pixels, plan.reason)
    try:
        gpu = GpuEngine(pixels, plan.renderer.max_texture_side, prepared.blocks)
        _check_against(cpu, gpu, pixels)
    except Exception as error:  # drivers fail in many ways; none of them may stop the user
        return cpu_instead(pixels, error)
    return RunningEngine(gpu, pixels, plan.reason)


def cpu_instead(pixels: PixelVectors, error: Exception) -> RunningEngine:
    """Start the CPU engine because the GPU failed."""
    return RunningEngine(CpuEngine(pixels), pixels, f"the GPU failed: {error}", has_failed_gpu=True)


def _check_against(cpu: CpuEngine, gpu: GpuEngine, pixels: PixelVectors) -> None:
    """Compare one map of both, since a driver may draw nonsense without an error."""
    reference = np.ones(pixels.feature_count)
    drawn, known = (
        np.nan_to_num(engine.similarity_map(reference), nan=-1.0) for engine in (gpu, cpu)
    )
    worst = float(np.abs(drawn - known).max())
    if worst > 1e-3:
        gpu.close()
        raise EngineUnavailableError(f"its map is off by {worst:.2g}")


def _layout(stack: FeatureStack, renderer: Renderer) -> BlockLayout:
    return BlockLayout.of(stack.pixel_count, stack.feature_count, renderer.max_texture_side)


def _texture_bytes(stack: FeatureStack, renderer: Renderer) -> int:
    is_scaled = stack.value_range is not None and stack.value_range[0] != 0.0
    dtype = texel_dtype(stack.values.dtype, is_scaled=is_scaled)
    return _layout(stack, renderer).texture_bytes(dtype)
