"""Progress in napari's window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from time import monotonic
from typing import TypeVar

from napari.utils import cancelable_progress, progress
from qtpy.QtWidgets import QApplication

from napari_ifealid.plain_text import shown_name

UNNOTICED = 0.5
"""Seconds; napari repaints its window for each step of a progress bar."""

Item = TypeVar("Item")


class CancelledAtOnce(cancelable_progress):  # type: ignore[misc]  # napari has no types
    """Calls its `cancel_callback` at once; napari's own does so at the next step of a loop."""

    def cancel(self) -> None:
        """Cancel; called by the button, maybe while the bar is still being made."""
        super().cancel()
        self.cancel_callback()


def late_progress(iterable: Iterable[Item], /, *, total: int, desc: str) -> Iterator[Item]:
    """Show napari's progress bar once an iteration has taken half a second.

    Parameters
    ----------
    iterable : iterable
    total : int
        How many items it has.
    desc : str
        Name of the task.

    Raises
    ------
    concurrent.futures.CancelledError
        If the window is closed meanwhile.
    """
    start, bar = monotonic(), None
    had_window = has_window()
    try:
        for done, item in enumerate(iterable, start=1):
            yield item
            if had_window and not has_window():  # closed, while the bar was painted
                raise CancelledError(f"{desc}: the window was closed")
            if bar is not None:
                bar.update(1)
            elif monotonic() - start > UNNOTICED:
                bar = progress(total=total, desc=shown_name(desc))
                bar.update(done)
    finally:
        if bar is not None:
            bar.close()


def has_window() -> bool:
    """Return whether any window is open."""
    application = QApplication.instance()
    return application is not None and any(
        window.isVisible() for window in QApplication.topLevelWidgets()
    )
