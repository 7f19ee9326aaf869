from __future__ import annotations

import threading

import psutil
from napari.utils.notifications import show_error, show_info
from qtpy.QtCore import QRunnable, QThreadPool

from soak.running import errors_shown, start_threads


def test_errors_that_the_window_shows_are_collected_and_hints_are_not(qapp):
    errors: list[str] = []
    with errors_shown(errors):
        show_info("a hint")
        show_error("the file is gone")
    assert errors == ["error: the file is gone"]


def test_what_ends_a_run_early_is_told_and_what_was_counted_is_kept(qapp):
    errors: list[str] = []
    with errors_shown(errors):
        raise RuntimeError("no map")
    assert errors == ["ended early: no map"]


def test_threads_that_were_started_are_those_of_later_workers(qtbot):
    start_threads()
    started = {thread.id for thread in psutil.Process().threads()}
    ran: list[int] = []
    work = QRunnable.create(lambda: ran.append(threading.get_native_id()))
    QThreadPool.globalInstance().start(work)
    qtbot.waitUntil(lambda: bool(ran))
    assert ran[0] in started
