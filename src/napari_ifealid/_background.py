"""Work in another thread, for which the window waits without stopping."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, wait
from threading import Thread, current_thread, main_thread
from time import monotonic
from typing import TypeVar

from qtpy.QtCore import QEventLoop, QTimer

from napari_ifealid._progress import UNNOTICED, CancelledAtOnce, has_window, late_progress
from napari_ifealid.plain_text import shown_name
from napari_ifealid.tracking import Track

_FRAME = 1.0 / 60.0  # seconds that the window may stop
_TICK = 20  # milliseconds between two looks whether the work is done

Item = TypeVar("Item")
Result = TypeVar("Result")


def awaited(work: Callable[[Track], Result], description: str) -> Result:
    """Return what work returns that may take long, while the window handles its events.

    For what napari calls in the window's thread and expects a result of, such as readers. After
    half a second there is a progress bar, with a button to cancel.

    Parameters
    ----------
    work : callable
        `work(track)`, called in another thread. It shows its progress by `track`.
    description : str
        Name of the task, until it shows its progress.

    Raises
    ------
    concurrent.futures.CancelledError
        If the user has cancelled, or the window was closed. What runs meanwhile ends at its next
        step, and nobody waits for it.
    """
    if not has_window() or current_thread() is not main_thread():
        return work(late_progress)
    future: Future[Result] = Future()
    report = _Report(description)
    Thread(target=_run, args=(work, report, future), name=description, daemon=True).start()
    if not wait([future], _FRAME).done:
        _handle_events_until_done(future, report)
    if not future.done():
        report.cancel()
        raise CancelledError(f"{description}: cancelled")
    return future.result()


def _run(work: Callable[[Track], Result], report: _Report, future: Future[Result]) -> None:
    try:
        future.set_result(work(report.track))
    except BaseException as error:  # whatever it is, who waits for the result gets it
        future.set_exception(error)


class _Report:
    """How far the work is; written by its thread and read by the window's."""

    def __init__(self, description: str) -> None:
        self.description = description
        self.total = 0
        self.done = 0
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True

    def track(self, iterable: Iterable[Item], /, *, total: int, desc: str) -> Iterator[Item]:
        self.description, self.total, self.done = desc, total, 0
        for item in iterable:
            if self.is_cancelled:
                raise CancelledError(f"{desc}: cancelled")
            yield item
            self.done += 1


class _Bar:
    """A progress bar that shows a report, once the work has taken noticeably long."""

    def __init__(self, report: _Report) -> None:
        self._report = report
        self._start = monotonic()
        self._bar: CancelledAtOnce | None = None
        self._task: tuple[str, int] | None = None
        self._is_at_it = False  # napari handles all events while it paints a bar

    def update(self) -> None:
        if self._is_at_it or monotonic() - self._start < UNNOTICED:
            return
        self._is_at_it = True
        try:
            self._show()
        finally:
            self._is_at_it = False

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _show(self) -> None:
        task = self._report.description, self._report.total
        if self._bar is None or task != self._task:
            self.close()
            self._task = task
            self._bar = CancelledAtOnce(
                desc=shown_name(task[0]), total=task[1], cancel_callback=self._report.cancel
            )
        steps = self._report.done - self._bar.n
        if steps > 0:
            self._bar.update(steps)


def _handle_events_until_done(future: Future[Result], report: _Report) -> None:
    """Return once the work is done or cancelled, or when the program ends."""
    loop, timer, bar = QEventLoop(), QTimer(), _Bar(report)

    def look() -> None:
        if not has_window():
            report.cancel()
        if future.done() or report.is_cancelled:
            loop.quit()
        else:
            bar.update()

    timer.timeout.connect(look)
    timer.start(_TICK)
    try:
        loop.exec()
    finally:
        timer.stop()
        bar.close()
