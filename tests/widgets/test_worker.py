from __future__ import annotations

import gc
import threading
import warnings
import weakref
from functools import partial

import numpy as np
import pytest
from qtpy.QtCore import QThreadPool

from napari_ifealid.widgets.worker import Worker


class Told(list):
    """What was told, in the thread that made it."""

    def __init__(self) -> None:
        self.thread = threading.get_ident()

    def take(self, *what) -> None:
        assert threading.get_ident() == self.thread
        self.extend(what)


@pytest.fixture
def told(qapp) -> Told:
    return Told()


def test_result_is_told_in_the_thread_of_the_window(told, qtbot):
    Worker(told.take, pytest.fail, lambda: told.take("ended")).start(threading.get_ident)
    qtbot.waitUntil(lambda: "ended" in told)
    assert told[0] != told.thread
    assert told[1:] == ["ended"]


def test_failure_is_told_instead_of_a_result(told, qtbot):
    worker = Worker(pytest.fail, lambda error: told.take(type(error)), lambda: told.take("ended"))
    worker.start(lambda: 1 / 0)
    qtbot.waitUntil(lambda: told == [ZeroDivisionError, "ended"])


def test_what_is_told_meanwhile_comes_first_and_in_order(told, qtbot):
    worker = Worker(told.take, pytest.fail)

    def work() -> int:
        worker.tell(told.take, 1, 2)
        worker.tell(told.take, 3)
        return 4

    worker.start(work)
    qtbot.waitUntil(lambda: told == [1, 2, 3, 4])


def test_worker_that_was_left_tells_nothing_but_its_end(told, qtbot):
    goes_on = threading.Event()
    worker = Worker(told.take, pytest.fail, lambda: told.take("ended"))

    def work() -> int:
        assert goes_on.wait(20)
        worker.tell(told.take, 1)
        return 2

    worker.start(work)
    worker.leave()
    goes_on.set()
    qtbot.waitUntil(lambda: told == ["ended"])


def test_end_comes_also_where_it_fails_to_take_the_result(told, qtbot):
    with qtbot.captureExceptions() as caught:
        Worker(lambda _: 1 / 0, pytest.fail, lambda: told.take("ended")).start(lambda: None)
        qtbot.waitUntil(lambda: told == ["ended"])
    assert [kind for kind, *_ in caught] == [ZeroDivisionError]


@pytest.mark.parametrize("is_kept", [False, True])
def test_all_that_was_given_is_let_go_of_in_the_thread_of_the_window(told, qtbot, is_kept):
    class Given:
        def __del__(self) -> None:
            told.take("gone")

        def take(self, _=None) -> None:
            pass

    worker = Worker(Given().take, Given().take, Given().take)
    function = partial(np.sum, np.zeros(3))
    gone = weakref.ref(function)
    worker.start(function)
    del function
    kept = [worker] if is_kept else []
    del worker
    qtbot.waitUntil(lambda: told == ["gone"] * 3)
    assert gone() is None
    assert len(kept) == is_kept


def test_workers_that_overlap_leave_warnings_as_they_are(told, qtbot):
    before = warnings.showwarning
    goes_on = [threading.Event(), threading.Event()]
    has_begun = [threading.Event(), threading.Event()]
    for number in range(2):

        def work(number=number) -> int:
            has_begun[number].set()
            assert goes_on[number].wait(20)
            return number

        Worker(told.take, pytest.fail).start(work)
        assert has_begun[number].wait(20)
    goes_on[0].set()
    qtbot.waitUntil(lambda: told == [0])
    goes_on[1].set()
    qtbot.waitUntil(lambda: told == [0, 1])
    assert warnings.showwarning is before


def test_workers_leave_no_objects_behind(told, qtbot):
    def workers() -> int:
        gc.collect()
        return sum(type(one) is Worker for one in gc.get_objects())

    before = workers()
    for number in range(20):
        Worker(told.take, pytest.fail).start(partial(int, number))
    qtbot.waitUntil(lambda: len(told) == 20)
    QThreadPool.globalInstance().waitForDone()
    assert sorted(told) == list(range(20))
    assert workers() == before
