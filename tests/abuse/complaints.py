"""Errors that no caller sees: in callbacks and threads, Qt messages, logs, notifications."""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from napari.utils.notifications import NotificationSeverity, notification_manager
from qtpy.QtCore import qInstallMessageHandler

TOLERATED = {
    "The similarity is computed on the CPU": "the plugin says so where the GPU lacks a measure",
    "The session is not opened any further": "the user has chosen another stack meanwhile",
    "The library lists the vectors of the session": "the user may take that back",
    "Vectors of the session are left out": "their features are others",
    "propagateSizeHints": "Qt's offscreen platform has none",
}
"""Messages that are expected, as regular expressions, each with the reason."""


class Complaints:
    """Collects exceptions, messages and notifications from anywhere while it listens."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def take(self) -> list[str]:
        """Return what has come since the last time, without what is tolerated."""
        texts, self._texts = self._texts, []
        return [text for text in texts if not any(re.search(one, text) for one in TOLERATED)]

    def add(self, where: str, text: str) -> None:
        """Add a complaint."""
        self._texts.append(f"{where}: {text.strip()}")

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen to all that Python, Qt, napari and loggers report."""
        hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread
        sys.unraisablehook = self._on_unraisable
        handler = _ErrorHandler(self)
        logging.getLogger().addHandler(handler)
        vispy_log = logging.getLogger("vispy")
        vispy_log.addHandler(handler)
        qt_handler = qInstallMessageHandler(self._on_qt)
        notification_manager.notification_ready.connect(self._on_notification)
        try:
            yield
        finally:
            notification_manager.notification_ready.disconnect(self._on_notification)
            qInstallMessageHandler(qt_handler)
            vispy_log.removeHandler(handler)
            logging.getLogger().removeHandler(handler)
            sys.excepthook, threading.excepthook, sys.unraisablehook = hooks

    def _on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self.add("an exception", "".join(traceback.format_exception(kind, error, trace)))

    def _on_thread(self, args: Any) -> None:
        self.add("a thread", "".join(traceback.format_exception(args.exc_value)))

    def _on_unraisable(self, args: Any) -> None:
        text = "".join(traceback.format_exception(args.exc_value))
        self.add("unraisable", f"{args.err_msg} {args.object!r} {text}")

    def _on_qt(self, kind: Any, context: Any, message: str) -> None:
        self.add("Qt", message)

    def _on_notification(self, notification: Any) -> None:
        if notification.severity >= NotificationSeverity.WARNING:
            error = getattr(notification, "exception", None)
            text = "" if error is None else "".join(traceback.format_exception(error))
            self.add("a notification", f"{notification.message} {text}")


class _ErrorHandler(logging.Handler):
    """Adds errors that were logged to the complaints."""

    def __init__(self, complaints: Complaints) -> None:
        super().__init__(logging.ERROR)
        self._complaints = complaints

    def emit(self, record: logging.LogRecord) -> None:
        trace = (
            "" if record.exc_info is None else "".join(traceback.format_exception(*record.exc_info))
        )
        self._complaints.add("a log", f"{record.getMessage()} {trace}")
