from __future__ import annotations

import pytest

from napari_ifealid.explorer.schedulers import ImmediateScheduler


@pytest.fixture
def scheduler() -> ImmediateScheduler:
    return ImmediateScheduler()


@pytest.fixture
def told() -> list:
    return []


def test_soon_is_now(scheduler, told):
    scheduler.soon(lambda: told.append("soon"))
    assert told == ["soon"]


def test_soon_within_soon_is_after_it(scheduler, told):
    def outer() -> None:
        scheduler.soon(lambda: told.append("inner"))
        told.append("outer")

    scheduler.soon(outer)
    assert told == ["outer", "inner"]


def test_steps_one_after_another_may_be_many(scheduler):
    steps = iter(range(100_000))

    def advance() -> None:
        if next(steps, None) is not None:
            scheduler.soon(advance)

    advance()
    assert next(steps, None) is None


def test_error_leaves_nothing_behind(scheduler, told):
    def outer() -> None:
        scheduler.soon(lambda: told.append("left"))
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        scheduler.soon(outer)
    scheduler.soon(lambda: told.append("next"))
    assert told == ["next"]


def test_work_in_the_background_is_done_now(scheduler, told):
    scheduler.in_background(lambda: 1, told.append, pytest.fail, "Working")
    scheduler.in_background(lambda: 1 / 0, pytest.fail, lambda error: told.append(type(error)))
    assert told == [1, ZeroDivisionError]


def test_steps_are_done_now(scheduler, told):
    def steps():
        yield "a"
        raise OSError("gone")

    cancel = scheduler.in_steps(
        lambda: (letter for letter in "xy"), told.append, lambda: told.append("done"), pytest.fail
    )
    cancel()
    scheduler.in_steps(steps, told.append, pytest.fail, lambda error: told.append(str(error)))
    scheduler.later(1e9, lambda: told.append("later"))
    assert told == ["x", "y", "done", "a", "gone", "later"]
