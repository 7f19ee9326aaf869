"""When work is done: what the explorer needs of an event loop."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
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

    def in_steps(
        self,
        steps: Callable[[], Generator[T]],
        step: Callable[[T], None],
        done: Callable[[], None],
        failed: Callable[[Exception], None],
        description: str | None = None,
        total: int = 0,
    ) -> Callable[[], None]:
        """Go through a generator in another thread; call ``step`` with each item in this one.

        With a description, progress is shown meanwhile, of ``total`` steps unless that is 0, and
        a user who cancels makes ``failed`` be called with a `CancelledError`. ``done`` or
        ``failed`` is called at the end. Returns what cancels: the generator is closed at its next
        item, and nothing is called any more.
        """

    def later(self, seconds: float, function: Callable[[], None]) -> None:
        """Call a function after so many seconds."""


class ImmediateScheduler:
    """Does everything at once, for use without an event loop."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        self._is_running = False

    def soon(self, function: Callable[[], None]) -> None:
        """Call a function now, or after the one that is being called."""
        self._waiting.append(function)
        if self._is_running:
            return
        self._is_running = True
        try:
            while self._waiting:
                self._waiting.popleft()()
        finally:
            self._is_running = False
            self._waiting.clear()

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

    def in_steps(
        self,
        steps: Callable[[], Generator[T]],
        step: Callable[[T], None],
        done: Callable[[], None],
        failed: Callable[[Exception], None],
        description: str | None = None,  # noqa: ARG002
        total: int = 0,  # noqa: ARG002
    ) -> Callable[[], None]:
        """Go through a generator now."""
        try:
            for item in steps():
                step(item)
        except Exception as error:
            failed(error)
        else:
            done()
        return lambda: None

    def later(self, seconds: float, function: Callable[[], None]) -> None:  # noqa: ARG002
        """Call a function now."""
        function()
