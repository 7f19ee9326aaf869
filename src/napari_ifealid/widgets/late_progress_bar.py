"""A progress bar for what another thread does, once that takes noticeably long."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from napari.utils import progress
from qtpy.QtCore import QTimer

from napari_ifealid._progress import UNNOTICED, CancelledAtOnce, has_window
from napari_ifealid.plain_text import shown_name

_BETWEEN_UPDATES = 100  # milliseconds; napari handles all events at each


class LateProgressBar:
    """Shows napari's progress bar once work has taken half a second.

    Parameters
    ----------
    description : str
        Name of the task.
    total : int
        How many steps it has, 0 if that is open.
    cancel : callable, optional
        Ends the work; with it, the bar has a button to cancel.
    """

    def __init__(
        self, description: str, total: int = 0, cancel: Callable[[], None] | None = None
    ) -> None:
        self._description = shown_name(description)
        self._total = total
        self._cancel = cancel
        self._done = 0
        self._bar: progress | None = None
        self._is_closed = False
        self._timer = QTimer()
        self._timer.timeout.connect(self._on_time)
        self._timer.start(round(1000 * UNNOTICED))

    def advance(self) -> None:
        """Count a step that is done."""
        self._done += 1

    def close(self) -> None:
        """Show no bar any more, and let go of what ends the work."""
        self._is_closed = True
        self._cancel = None
        with suppress(RuntimeError):  # Qt has deleted it where the program ends
            self._timer.stop()
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _on_time(self) -> None:
        if not has_window():
            self.close()
        elif self._bar is None:
            self._open()
        elif self._done > self._bar.n:
            self._bar.update(self._done - self._bar.n)

    def _open(self) -> None:
        # napari handles all events while it opens a bar: time may be up again meanwhile, or this
        # may be closed
        self._timer.stop()
        bar = self._opened()
        if self._is_closed:
            bar.close()
        else:
            self._bar = bar
            self._timer.start(_BETWEEN_UPDATES)

    def _opened(self) -> progress:
        if self._cancel is None:
            return progress(total=self._total, desc=self._description)
        return CancelledAtOnce(
            desc=self._description, total=self._total, cancel_callback=self._cancel
        )
