"""Functions of a worker that are let go of in time: with PySide6 some workers never go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """Calls a function once, and lets go of it.

    Parameters
    ----------
    function : callable
        Is called without arguments.
    """

    def __init__(self, function: Callable[[], T]) -> None:
        self._function: Callable[[], T] | None = function

    def call(self) -> T:
        """Call the function, and return its result."""
        function, self._function = self._function, None
        assert function is not None
        return function()


class Listeners:
    """Calls what listens to a worker, until it forgets them.

    Parameters
    ----------
    **functions : callable
        Each under the name of its signal.
    """

    def __init__(self, **functions: Callable[..., None]) -> None:
        self._functions = functions

    def tell(self, signal: str, *arguments: Any) -> None:
        """Call the function of a signal, if it is not forgotten."""
        if signal in self._functions:
            self._functions[signal](*arguments)

    def forget(self) -> None:
        """Let go of all functions."""
        self._functions = {}
