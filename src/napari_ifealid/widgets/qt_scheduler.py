"""The explorer's work in Qt's event loop and napari's worker threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from napari.qt.threading import create_worker
from qtpy.QtCore import QTimer

T = TypeVar("T")


class QtScheduler:
    """Runs functions between Qt's events or in worker threads."""

    def soon(self, function: Callable[[], None]) -> None:
        """Call a function once Qt has handled the events that wait."""
        QTimer.singleShot(0, function)

    def in_background(
        self,
        function: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        description: str | None = None,
    ) -> None:
        """Call a function in a worker thread, then ``done`` or ``failed`` in this one."""
        create_worker(
            function,
            _connect={"returned": done, "errored": failed},
            _progress={"desc": description} if description else False,
            _ignore_errors=True,  # ``failed`` tells of them
        )
