"""Engines: query → map."""

from napari_ifealid.engines.blockwise import BlockwiseEngine
from napari_ifealid.engines.choice import (
    EngineChoice,
    EnginePlan,
    PreparedBlocks,
    PreparedStack,
    RunningEngine,
    plan_engine,
    plan_gpu,
    prepare_stack,
    start_engine,
    start_in_steps,
)
from napari_ifealid.engines.classes import NO_CLASS, Classes
from napari_ifealid.engines.cpu import CpuEngine
from napari_ifealid.engines.engine import (
    ClassPart,
    Engine,
    EngineUnavailableError,
    MapPart,
    class_steps,
    classes_of,
    whole_map,
)
from napari_ifealid.engines.gl_context import Renderer, find_renderer
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.engines.preview import Preview, preview_of

__all__ = [
    "NO_CLASS",
    "BlockwiseEngine",
    "ClassPart",
    "Classes",
    "CpuEngine",
    "Engine",
    "EngineChoice",
    "EnginePlan",
    "EngineUnavailableError",
    "MapPart",
    "PixelVectors",
    "PreparedBlocks",
    "PreparedStack",
    "Preview",
    "Renderer",
    "RunningEngine",
    "class_steps",
    "classes_of",
    "find_renderer",
    "plan_engine",
    "plan_gpu",
    "prepare_stack",
    "preview_of",
    "start_engine",
    "start_in_steps",
    "whole_map",
]
