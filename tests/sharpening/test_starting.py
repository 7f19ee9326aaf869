from __future__ import annotations

from dataclasses import replace

import pytest
from sharp_cases import sharp_of, stack_of

from napari_ifealid.engines import EngineChoice, EngineUnavailableError, Renderer
from napari_ifealid.sharpening import SharpEngine, SharpGpuEngine
from napari_ifealid.sharpening import starting as module
from napari_ifealid.sharpening.starting import plan_sharp, start_sharp_in_steps
from napari_ifealid.sharpening.tap_layout import TapLayout
from napari_ifealid.sharpness import Sharpness

CARD = Renderer("a card", max_texture_side=16_384, free_memory=1 << 30)
SOFTWARE = replace(CARD, name="llvmpipe")


@pytest.fixture
def cpu() -> SharpEngine:
    return SharpEngine(*sharp_of(stack_of()))


def started(cpu, plan):
    """Go through all steps; return the engine that runs."""
    steps = start_sharp_in_steps(cpu, plan)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize(
    ("choice", "renderer", "reason"),
    [
        (EngineChoice.CPU, CARD, "as chosen"),
        (EngineChoice.AUTOMATIC, None, "no OpenGL"),
        (EngineChoice.GPU, None, "no OpenGL"),
        (EngineChoice.AUTOMATIC, SOFTWARE, "in software"),
        (EngineChoice.AUTOMATIC, replace(CARD, free_memory=100), "are free"),
    ],
)
def test_cpu_makes_sharp_maps_for_a_reason(cpu, choice, renderer, reason):
    plan = plan_sharp(choice, cpu, renderer)
    assert plan.renderer is None
    assert reason in plan.reason
    running = started(cpu, plan)
    assert running.engine is cpu
    assert not running.is_stand_in


@pytest.mark.parametrize(
    ("choice", "renderer"),
    [
        (EngineChoice.AUTOMATIC, CARD),
        (EngineChoice.AUTOMATIC, replace(CARD, free_memory=None)),
        (EngineChoice.GPU, SOFTWARE),
    ],
)
def test_gpu_is_planned_where_it_is_hardware_or_chosen(cpu, choice, renderer):
    plan = plan_sharp(choice, cpu, renderer)
    assert (plan.renderer, plan.reason) == (renderer, renderer.name)


def test_memory_on_the_gpu_is_that_of_the_taps_that_are_kept():
    few, many = (SharpEngine(*sharp_of(stack_of(), Sharpness(taps=taps))) for taps in (4, 25))
    free = TapLayout.of(few.weights, few.stack_shape, CARD.max_texture_side).texture_bytes
    card = replace(CARD, free_memory=free)
    assert plan_sharp(EngineChoice.AUTOMATIC, few, card).renderer == card
    assert "are free" in plan_sharp(EngineChoice.AUTOMATIC, many, card).reason


def test_image_that_fits_no_texture_stays_with_the_cpu(cpu):
    plan = plan_sharp(EngineChoice.GPU, cpu, replace(CARD, max_texture_side=16))
    assert plan.renderer is None
    assert "do not fit" in plan.reason


def test_gpu_is_started_and_replaced_by_the_cpu(cpu, qapp):
    running = started(cpu, plan_sharp(EngineChoice.GPU, cpu, CARD))
    assert isinstance(running.engine, SharpGpuEngine)
    other = running.stand_in(EngineUnavailableError("lost"))
    running.engine.close()
    assert other.engine is cpu
    assert other.is_stand_in
    assert other.reason == "the GPU failed: lost"


def test_gpu_that_does_not_start_is_replaced_and_given_back(cpu, qapp, monkeypatch):
    closed = []

    def fail(self):
        yield 0.5
        raise EngineUnavailableError("full")

    monkeypatch.setattr(module.SharpGpuEngine, "upload", fail)
    monkeypatch.setattr(module.SharpGpuEngine, "close", lambda self: closed.append(self))
    running = started(cpu, plan_sharp(EngineChoice.GPU, cpu, CARD))
    assert running.engine is cpu
    assert "full" in running.reason
    assert len(closed) == 1
