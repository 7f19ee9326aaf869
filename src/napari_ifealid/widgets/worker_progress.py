"""How far the work in another thread is, and how it is stopped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from threading import Event
from typing import TypeVar

from qtpy.QtWidgets import QApplication

Item = TypeVar("Item")


class WorkerProgress:
    """Is written by a worker thread and read by the window's, and the other way to cancel.

    The work is cancelled, too, when the application ends.
    """

    def __init__(self) -> None:
        self._is_cancelled = Event()
        self._is_within = False
        self._shown = "Preparing", 0, 0
        application = QApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self._is_cancelled.set)

    @property
    def shown(self) -> tuple[str, int, int]:
        """Name of the task, steps done and steps in all; (…, 0, 0) if their number is unknown."""
        return self._shown

    @property
    def is_cancelled(self) -> bool:
        """Whether the work is to stop."""
        return self._is_cancelled.is_set()

    def cancel(self) -> None:
        """Cancel the work at its next step."""
        self._is_cancelled.set()

    def begin(self, description: str) -> None:
        """Report work without steps.

        Raises
        ------
        concurrent.futures.CancelledError
            If the work is to stop.
        """
        self._stop_if_cancelled(description)
        self._shown = description, 0, 0

    def track(self, iterable: Iterable[Item], /, *, total: int, desc: str) -> Iterator[Item]:
        """Iterate until cancelled. Of iterations within each other, the outermost is shown.

        Raises
        ------
        concurrent.futures.CancelledError
            If the work is to stop.
        """
        is_outermost, self._is_within = not self._is_within, True
        try:
            for done, item in enumerate(iterable):
                self._stop_if_cancelled(desc)
                if is_outermost:
                    self._shown = desc, done, total
                yield item
        finally:
            if is_outermost:
                self._is_within = False

    def _stop_if_cancelled(self, description: str) -> None:
        if self.is_cancelled:
            raise CancelledError(f"{description}: cancelled")
