"""Work in a thread of Qt's pool, told of in the thread of the window."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, Generic, TypeVar

from qtpy.QtCore import QObject, Qt, QThreadPool, Signal  # type: ignore[attr-defined]

T = TypeVar("T")


def _nothing(*_: object) -> Any:
    """Stand in for what was let go of."""


class Worker(Generic[T]):
    """Calls a function in a thread of Qt's pool, and tells in this one what comes of it.

    It lets go of all that it was given once that is told, and in the thread of the window, where
    widgets have to end. To be made in that thread.

    Parameters
    ----------
    done : callable
        `done(result)`, unless the function raises.
    failed : callable
        `failed(error)`, if it does.
    ended : callable, optional
        `ended()`, after either of them, and also where the worker is to tell nothing.
    """

    def __init__(
        self,
        done: Callable[[T], object],
        failed: Callable[[Exception], object],
        ended: Callable[[], object] = _nothing,
    ) -> None:
        self._window = _window_thread()
        self._done: Callable[[T], object] = done
        self._failed: Callable[[Exception], object] = failed
        self._ended = ended
        self._is_left = False

    def start(self, function: Callable[[], T]) -> None:
        """Call a function without arguments, as soon as a thread is free."""
        self._function: Callable[[], T] = function
        pool: Any = QThreadPool.globalInstance()  # its types do not know that it takes a function
        pool.start(self._run)

    def tell(self, function: Callable[..., object], *arguments: Any) -> None:
        """Call a function in the thread of the window, unless nothing is to be told any more.

        This is for the function that was started, in its thread.
        """
        self._window.call(partial(self._tell, function, *arguments))

    def leave(self) -> None:
        """Tell nothing any more. To be called in the thread of the window."""
        self._is_left = True

    def _run(self) -> None:
        try:
            result = self._function()
        except Exception as error:  # whatever it is, who waits for the result gets it
            self._window.call(partial(self._end, None, error))
        else:
            self._window.call(partial(self._end, result, None))

    def _tell(self, function: Callable[..., object], *arguments: Any) -> None:
        if not self._is_left:
            function(*arguments)

    def _end(self, result: Any, error: Exception | None) -> None:
        done, failed, ended = self._done, self._failed, self._ended
        self._function = self._done = self._failed = self._ended = _nothing
        try:
            if error is None:
                self._tell(done, result)
            else:
                self._tell(failed, error)
        finally:
            ended()


class _WindowThread(QObject):
    """Calls functions in the thread that it was made in, one after the other."""

    _asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._asked.connect(self._call, Qt.ConnectionType.QueuedConnection)

    def call(self, function: Callable[[], object]) -> None:
        """Call a function without arguments, once that thread has handled what waits."""
        self._asked.emit(function)

    def _call(self, function: Callable[[], object]) -> None:
        function()


@cache
def _window_thread() -> _WindowThread:
    return _WindowThread()
