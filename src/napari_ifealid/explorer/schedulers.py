"""When work is done: what the explorer needs of an event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Scheduler(Protocol):
    """Runs functions at a better time than now."""

    def soon(self, function: Callable[[], None]) -> None:
        """Call a function once the window has handled the events that wait."""

    def in_background(
        self,
        function: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        description: str | None = None,
    ) -> None:
        """Call a function in another thread, then ``done`` or ``failed`` in this one.

        With a description, progress is shown meanwhile.
        """


class ImmediateScheduler:
    """Does everything at once, for use without an event loop."""

    def soon(self, function: Callable[[], None]) -> None:
        """Call a function now."""
        function()

    def in_background(
        self,
        function: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        description: str | None = None,  # noqa: ARG002
    ) -> None:
        """Call a function now."""
        try:
            result = function()
        except Exception as error:
            failed(error)
        else:
            done(result)
