from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from time import sleep

import pytest
from qtpy.QtCore import QTimer

from napari_ifealid.widgets import qt_scheduler
from napari_ifealid.widgets.qt_scheduler import QtScheduler


@pytest.fixture
def scheduler(qapp) -> QtScheduler:
    return QtScheduler()


@pytest.fixture
def told() -> list:
    """What was told in the thread of the test."""
    return []


@pytest.fixture
def tell(told):
    here = threading.get_ident()

    def tell(*what) -> None:
        assert threading.get_ident() == here
        told.extend(what)

    return tell


def test_soon_is_after_the_events_that_wait(scheduler, qtbot, told, tell):
    scheduler.soon(lambda: tell("soon"))
    assert told == []
    qtbot.waitUntil(lambda: told == ["soon"])


def test_functions_that_wait_are_called_without_painting_between(scheduler, qtbot, told, tell):
    scheduler.soon(lambda: (tell("one"), QTimer.singleShot(0, lambda: tell("event"))))
    scheduler.soon(lambda: (tell("two"), scheduler.soon(lambda: tell("asked for"))))
    qtbot.waitUntil(lambda: len(told) == 4)
    assert told[:3] == ["one", "two", "event"]


def test_functions_that_take_longer_than_a_frame_let_events_through(scheduler, qtbot, told, tell):
    scheduler.soon(lambda: (QTimer.singleShot(0, lambda: tell("event")), sleep(0.05)))
    scheduler.soon(lambda: tell("two"))
    qtbot.waitUntil(lambda: len(told) == 2)
    assert told == ["event", "two"]


def test_function_that_fails_keeps_no_other_one_back(scheduler, qtbot, told, tell):
    def fail():
        raise ValueError("no")

    with qtbot.captureExceptions() as caught:
        scheduler.soon(fail)
        scheduler.soon(lambda: tell("two"))
        qtbot.waitUntil(lambda: told == ["two"])
    assert [kind for kind, *_ in caught] == [ValueError]


def test_later_is_not_before(scheduler, qtbot, told, tell):
    scheduler.later(0.2, lambda: tell("later"))
    scheduler.later(0.01, lambda: tell("sooner"))
    qtbot.waitUntil(lambda: told == ["sooner", "later"])


def test_result_of_another_thread_is_told_in_this_one(scheduler, qtbot, told, tell):
    scheduler.in_background(threading.get_ident, tell, pytest.fail)
    qtbot.waitUntil(lambda: len(told) == 1)
    assert told != [threading.get_ident()]


def test_failure_in_another_thread_is_told_in_this_one(scheduler, qtbot, told, tell):
    scheduler.in_background(lambda: 1 / 0, pytest.fail, lambda error: tell(type(error)))
    qtbot.waitUntil(lambda: told == [ZeroDivisionError])


def test_steps_are_told_one_by_one(scheduler, qtbot, told, tell):
    steps = (letter for letter in "abc")
    scheduler.in_steps(lambda: steps, tell, lambda: tell("done"), pytest.fail)
    qtbot.waitUntil(lambda: told == ["a", "b", "c", "done"])


def test_failure_of_a_step_is_told(scheduler, qtbot, told, tell):
    def steps():
        yield "a"
        raise OSError("gone")

    scheduler.in_steps(steps, tell, pytest.fail, lambda error: tell(str(error)), "Reading")
    qtbot.waitUntil(lambda: told == ["a", "gone"])


def test_cancelled_steps_end_and_nothing_more_is_told(scheduler, qtbot, told, tell):
    goes_on, is_closed = threading.Event(), threading.Event()

    def steps():
        try:
            yield "a"
            assert goes_on.wait(20)
            yield "b"
            yield "c"
        finally:
            is_closed.set()

    cancel = scheduler.in_steps(steps, tell, lambda: tell("done"), pytest.fail)
    qtbot.waitUntil(lambda: told == ["a"])
    cancel()
    goes_on.set()
    qtbot.waitUntil(is_closed.is_set)
    qtbot.wait(50)
    assert told == ["a"]


@pytest.fixture
def bars(monkeypatch) -> list:
    made = []

    class Bar:
        def __init__(self, *options) -> None:
            self.options, self.done, self.is_open = options, 0, True
            made.append(self)

        def advance(self) -> None:
            self.done += 1

        def close(self) -> None:
            self.is_open = False

    monkeypatch.setattr(qt_scheduler, "LateProgressBar", Bar)
    return made


def test_described_work_has_a_progress_bar(scheduler, qtbot, bars):
    scheduler.in_background(lambda: 1, lambda _: None, pytest.fail, "Loading")
    scheduler.in_background(lambda: 1, lambda _: None, pytest.fail)
    (bar,) = bars
    assert bar.options == ("Loading",)
    qtbot.waitUntil(lambda: not bar.is_open)


def test_described_steps_advance_their_progress_bar(scheduler, qtbot, bars):
    scheduler.in_steps(
        lambda: (i for i in range(3)), lambda _: None, lambda: None, pytest.fail, "Reading", 3
    )
    (bar,) = bars
    assert bar.options[:2] == ("Reading", 3)
    qtbot.waitUntil(lambda: not bar.is_open)
    assert bar.done == 3


def test_user_who_cancels_steps_is_told_of_as_a_failure(scheduler, qtbot, bars, told, tell):
    goes_on = threading.Event()

    def steps():
        yield "a"
        assert goes_on.wait(20)
        yield "b"

    scheduler.in_steps(steps, tell, pytest.fail, lambda error: tell(type(error)), "Reading")
    qtbot.waitUntil(lambda: told == ["a"])
    (bar,) = bars
    cancel = bar.options[2]
    cancel()
    goes_on.set()
    qtbot.waitUntil(lambda: not bar.is_open)
    assert told == ["a", CancelledError]
