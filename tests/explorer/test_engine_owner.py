from __future__ import annotations

from dataclasses import replace

import pytest

from napari_ifealid.engines import EngineChoice, plan_engine, prepare_stack, start_engine
from napari_ifealid.explorer.engine_owner import EngineOwner


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
