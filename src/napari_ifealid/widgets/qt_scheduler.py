"""The explorer's work in Qt's event loop and in worker threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import CancelledError
from contextlib import closing
from functools import partial
from threading import Event
from time import perf_counter
from typing import TypeVar

from qtpy.QtCore import QTimer

from napari_ifealid.widgets.late_progress_bar import LateProgressBar
from napari_ifealid.widgets.worker import Worker

T = TypeVar("T")

_FRAME = 1.0 / 60.0  # seconds


class QtScheduler:
    """Runs functions between Qt's events or in worker threads."""

    def __init__(self) -> None:
        self._soon: deque[Callable[[], None]] = deque()
        self._is_due = False

    def soon(self, function: Callable[[], None]) -> None:
        """Call a function once Qt has handled the events that wait.

        Functions that wait are called one after the other, for a frame at most: between two of
        them the window would be painted, which takes longer than the maps of linked stacks.
        """
        self._soon.append(function)
        self._come_back()

    def _come_back(self) -> None:
        if self._soon and not self._is_due:
            self._is_due = True
            QTimer.singleShot(0, self._run_soon)

    def _run_soon(self) -> None:
        self._is_due = False
        end = perf_counter() + _FRAME
        count = len(self._soon)  # not those that they ask for
        try:
            while self._soon and count and perf_counter() < end:
                count -= 1
                self._soon.popleft()()
        finally:
            self._come_back()

    def in_background(
        self,
        function: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        description: str | None = None,
    ) -> None:
        """Call a function in a worker thread, then ``done`` or ``failed`` in this one."""
        bar = LateProgressBar(description) if description else None
        Worker(done, failed, partial(_close, bar)).start(function)

    def in_steps(
        self,
        steps: Callable[[], Generator[T]],
        step: Callable[[T], None],
        done: Callable[[], None],
        failed: Callable[[Exception], None],
        description: str | None = None,
        total: int = 0,
    ) -> Callable[[], None]:
        """Go through a generator in a worker thread; call ``step`` with each item in this one."""
        cancelled = Event()

        def cancel() -> None:
            cancelled.set()
            worker.leave()
            _close(bar)

        def cancelled_by_user() -> None:
            cancelled.set()
            worker.leave()
            failed(CancelledError(description))

        def advance(item: T) -> None:
            step(item)
            if bar is not None:
                bar.advance()

        bar = LateProgressBar(description, total, cancelled_by_user) if description else None
        worker = Worker[None](lambda _: done(), failed, partial(_close, bar))
        worker.start(partial(_go_through, steps, cancelled, partial(worker.tell, advance)))
        return cancel

    def later(self, seconds: float, function: Callable[[], None]) -> None:
        """Call a function after so many seconds."""
        QTimer.singleShot(round(1000 * seconds), function)


def _go_through(
    steps: Callable[[], Generator[T]], cancelled: Event, tell: Callable[[T], None]
) -> None:
    with closing(steps()) as items:
        for item in items:
            tell(item)
            if cancelled.is_set():
                return


def _close(bar: LateProgressBar | None) -> None:
    if bar is not None:
        bar.close()
