from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from threading import Event

import pytest
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QLabel, QProgressBar, QPushButton

from napari_ifealid import _background
from napari_ifealid._background import awaited

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def viewer(make_napari_viewer, monkeypatch):
    monkeypatch.setattr(_background, "has_window", lambda: True)
    return make_napari_viewer()


@pytest.fixture
def bars(viewer, monkeypatch):
    """Returns the progress bars of the viewer's window, which come soon."""
    monkeypatch.setattr(_background, "UNNOTICED", 0.01)
    label = QLabel("A widget in the window")
    viewer.window.add_dock_widget(label)
    return lambda: label.window().findChildren(QProgressBar)


@pytest.fixture
def repeatedly(qapp):
    """Lets Qt's event loop call a function again and again."""
    timer = QTimer()

    def begin(function) -> None:
        timer.timeout.connect(function)
        timer.start(10)

    yield begin
    timer.stop()


def in_which_thread(track) -> threading.Thread:
    assert [*track(range(3), total=3, desc="Counting")] == [0, 1, 2]
    return threading.current_thread()


def test_work_is_done_here_where_there_is_no_window(qapp, monkeypatch):
    monkeypatch.setattr(_background, "has_window", lambda: False)
    assert awaited(in_which_thread, "Work") is threading.current_thread()


def test_work_is_done_in_another_thread_where_there_is_a_window(viewer):
    assert awaited(in_which_thread, "Work") is not threading.current_thread()


def test_work_of_another_thread_is_done_there(viewer):
    found = []
    thread = threading.Thread(target=lambda: found.append(awaited(in_which_thread, "Work")))
    thread.start()
    thread.join()
    assert found == [thread]


def test_quick_work_is_awaited_without_an_event_in_between(viewer, monkeypatch):
    monkeypatch.setattr(_background, "_handle_events_until_done", None)
    monkeypatch.setattr(_background, "_FRAME", 60.0)
    assert awaited(lambda _: 5, "Work") == 5


def test_window_is_alive_meanwhile(viewer, repeatedly):
    # the work ends only when Qt's event loop says so
    goes_on = Event()
    repeatedly(goes_on.set)
    assert awaited(lambda _: goes_on.wait(60), "Work")


def test_error_of_the_work_is_that_of_who_waits(viewer):
    def fail(_):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        awaited(fail, "Work")


def test_bar_shows_each_task_and_how_far_it_is(viewer, bars, repeatedly):
    seen, reached = set(), Event()

    def look() -> None:
        for bar in bars():
            texts = [label.text() for label in bar.parent().findChildren(QLabel)]
            seen.add((texts[0].rstrip(": "), bar.value(), bar.maximum()))
        if ("Counting", 1, 4) in seen:
            reached.set()

    repeatedly(look)

    def work(track) -> None:
        for number in track(range(4), total=4, desc="Counting"):
            if number == 1:
                assert reached.wait(60)

    awaited(work, "Work")
    assert bars() == [] or not any(bar.isVisible() for bar in bars())


def test_cancel_button_ends_the_waiting_at_once_and_the_work_at_its_next_step(
    viewer, bars, repeatedly
):
    goes_on, steps, ended = Event(), [], Event()

    def press() -> None:
        for bar in bars():
            for button in bar.parent().findChildren(QPushButton):
                button.click()

    def work(track) -> None:
        try:
            for step in track(range(3), total=3, desc="Counting"):
                steps.append(step)
                goes_on.wait(60)
        finally:
            ended.set()

    repeatedly(press)
    with pytest.raises(CancelledError):
        awaited(work, "Work")
    assert not ended.is_set()
    goes_on.set()
    assert ended.wait(60)
    assert steps == [0]


def test_closed_window_ends_the_waiting(viewer, monkeypatch):
    goes_on, is_there = Event(), iter([True, True])
    monkeypatch.setattr(_background, "has_window", lambda: next(is_there, False))
    with pytest.raises(CancelledError, match="Work"):
        awaited(lambda _: goes_on.wait(60), "Work")
    goes_on.set()


def test_work_that_is_begun_while_other_work_is_awaited_ends_first(viewer, repeatedly):
    goes_on, inner = Event(), []

    def begin() -> None:
        if not inner:
            inner.append(None)
            inner[0] = awaited(lambda _: goes_on.wait(0.2) or "inner", "Inner")
            goes_on.set()

    repeatedly(begin)
    assert awaited(lambda _: goes_on.wait(60), "Outer")
    assert inner == ["inner"]
