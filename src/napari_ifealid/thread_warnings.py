"""Warnings of one thread, heard while other threads give theirs."""

from __future__ import annotations

import threading
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO


@dataclass(frozen=True, eq=False)
class _Listener:
    hear: Callable[[Warning], object]
    category: type[Warning]


@dataclass(eq=False)
class _Exchange:
    """What stands in for `warnings.showwarning` while anybody listens."""

    shown_before: Callable[..., None] = warnings.showwarning
    lock: threading.Lock = field(default_factory=threading.Lock)
    listeners: dict[int, list[_Listener]] = field(default_factory=lambda: defaultdict(list))
    """The listeners of each thread, the innermost last."""

    def add(self, listener: _Listener) -> None:
        with self.lock:
            if warnings.showwarning != self.show:  # others may have put this back, or away
                self.shown_before, warnings.showwarning = warnings.showwarning, self.show
            self.listeners[threading.get_ident()].append(listener)

    def remove(self, listener: _Listener) -> None:
        thread = threading.get_ident()
        with self.lock:
            self.listeners[thread].remove(listener)
            if not self.listeners[thread]:
                del self.listeners[thread]
            if not self.listeners and warnings.showwarning == self.show:
                warnings.showwarning = self.shown_before

    def show(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        listener = self.listener(category)
        if listener is None:
            self.shown_before(message, category, filename, lineno, file, line)
        else:
            listener.hear(message if isinstance(message, Warning) else category(message))

    def listener(self, category: type[Warning]) -> _Listener | None:
        """Return who hears such warnings of this thread, the innermost."""
        here = reversed(self.listeners.get(threading.get_ident(), []))
        return next((one for one in here if issubclass(category, one.category)), None)


_EXCHANGE = _Exchange()


@contextmanager
def warnings_told_to(
    hear: Callable[[Warning], object], category: type[Warning] = Warning
) -> Iterator[None]:
    """Tell the warnings of this thread to a function, and to nobody else.

    Python's own `warnings.catch_warnings` is for one thread: where two overlap, warnings of one
    reach the other, and what the first has put in place may stay for good, so that nobody ever sees
    a warning again.

    Parameters
    ----------
    hear : callable
        `hear(warning)`, called in this thread.
    category : type of Warning
        Others go where they went. Python's filters decide which warnings of other packages are
        given, and how often; those of `warn` are all heard.
    """
    listener = _Listener(hear, category)
    _EXCHANGE.add(listener)
    try:
        yield
    finally:
        _EXCHANGE.remove(listener)


def warn(warning: Warning, *, stacklevel: int = 1) -> None:
    """Give a warning: to who hears it in this thread, else as Python does.

    Python by itself gives the same warning once only, and none of what its filters leave out.

    Parameters
    ----------
    warning : Warning
    stacklevel : int, optional
        As of `warnings.warn`.
    """
    listener = _EXCHANGE.listener(type(warning))
    if listener is None:
        warnings.warn(warning, stacklevel=stacklevel + 1)
    else:
        listener.hear(warning)
