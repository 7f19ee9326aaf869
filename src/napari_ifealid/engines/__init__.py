"""Engines: reference → similarity map."""

from napari_ifealid.engines.choice import (
    EngineChoice,
    EnginePlan,
    PreparedStack,
    RunningEngine,
    cpu_instead,
    plan_engine,
    prepare_stack,
    start_engine,
)
from napari_ifealid.engines.cpu import CpuEngine
from napari_ifealid.engines.engine import Engine, EngineUnavailableError
from napari_ifealid.engines.gl_context import Renderer, find_renderer

__all__ = [
    "CpuEngine",
    "Engine",
    "EngineChoice",
    "EnginePlan",
    "EngineUnavailableError",
    "PreparedStack",
    "Renderer",
    "RunningEngine",
    "cpu_instead",
    "find_renderer",
    "plan_engine",
    "prepare_stack",
    "start_engine",
]
