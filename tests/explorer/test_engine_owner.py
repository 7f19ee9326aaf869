from __future__ import annotations

from dataclasses import replace

import pytest

from napari_ifealid.engines import (
    EngineChoice,
    EngineUnavailableError,
    RunningEngine,
    plan_engine,
    prepare_stack,
    start_engine,
)
from napari_ifealid.explorer.engine_owner import EngineOwner
from napari_ifealid.measures import ACE, COSINE, SPECTRAL_ANGLE


@pytest.fixture
def running(stack):
    return start_engine(prepare_stack(stack, plan_engine(EngineChoice.CPU, stack, None)))


@pytest.fixture
def closed(running, monkeypatch) -> list:
    """The engines that were closed."""
    engines: list = []
    monkeypatch.setattr(type(running.engine), "close", lambda engine: engines.append(engine))
    return engines


def test_engine_without_a_stand_in_is_not_replaced(running, closed):
    owner = EngineOwner(running, pytest.fail)
    assert not owner.replace(RuntimeError("broken"))
    assert owner.engine is running.engine
    assert closed == []


def test_engine_that_has_failed_is_closed_and_another_takes_its_place(running, closed, stack):
    plan = plan_engine(EngineChoice.CPU, stack, None)
    errors: list[Exception] = []

    def stand_in(error: Exception):
        errors.append(error)
        return start_engine(prepare_stack(stack, plan))

    told: list = []
    owner = EngineOwner(replace(running, stand_in=stand_in), told.append)
    assert owner.replace(RuntimeError("broken"))
    assert [str(error) for error in errors] == ["broken"]
    assert closed == [running.engine]
    assert [other.engine for other in told] == [owner.engine]
    assert not owner.replace(RuntimeError("again"))
    owner.close()
    assert closed == [running.engine, owner.engine]


class Choosy:
    """An engine that refuses the cosine and ACE."""

    name = "Choosy"
    spread = None

    def __init__(self) -> None:
        self.is_closed = False

    def refusal(self, measure) -> str:
        return f"it does not like the {measure.name}" if measure in (COSINE, ACE) else ""

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def helped(running):
    """An owner of a choosy engine with another one beside it, and which ones were told."""
    told: list = []
    helper = lambda reason: replace(running, reason=reason)  # noqa: E731
    choosy = RunningEngine(Choosy(), "as chosen", helper=helper)
    return EngineOwner(choosy, told.append), choosy, told


def test_what_an_engine_refuses_is_done_by_another_and_the_reason_is_told(helped, running):
    owner, choosy, told = helped
    assert owner.engine_for(SPECTRAL_ANGLE) is choosy.engine
    assert owner.engine_for(None) is choosy.engine
    assert told == []
    assert owner.engine_for(COSINE) is running.engine
    assert owner.engine_for(COSINE) is running.engine
    assert [one.reason for one in told] == ["it does not like the cosine"]
    assert owner.engine_for(SPECTRAL_ANGLE) is choosy.engine
    assert [one.reason for one in told] == ["it does not like the cosine", "as chosen"]


def test_reason_is_that_of_the_measure_that_is_refused_now(helped, running):
    owner, _, told = helped
    owner.engine_for(COSINE)
    assert owner.engine_for(ACE) is running.engine
    assert owner.engine_for(ACE) is running.engine
    assert [one.reason for one in told] == [
        "it does not like the cosine",
        "it does not like the ACE",
    ]
    assert owner.description.endswith(": it does not like the ACE")


def test_both_engines_are_closed(helped, closed, running):
    owner, choosy, _ = helped
    owner.engine_for(COSINE)
    owner.close()
    assert choosy.engine.is_closed
    assert closed == [running.engine]


def test_measure_that_no_engine_computes_is_an_error():
    owner = EngineOwner(RunningEngine(Choosy(), "as chosen"), pytest.fail)
    with pytest.raises(EngineUnavailableError, match="does not like the cosine"):
        owner.engine_for(COSINE)
