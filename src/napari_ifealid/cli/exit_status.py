"""How a subcommand ends: its exit status, and a line for what went wrong."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from napari_ifealid.cli.messages import fail, plain_warnings, tell
from napari_ifealid.errors import DatasetError

INCOMPLETE = 1
"""Exit status where some of the input failed and the rest is done."""


class IncompleteError(Exception):
    """Some of the input failed, which was printed; the rest is done."""


class _Terminated(BaseException):
    """The process shall end."""


def exit_status(work: Callable[[], None]) -> int:
    """Do the work and return the exit status for how it ended.

    Bad input and short memory give 2, an IncompleteError 1, Ctrl+C and SIGTERM 128 and their
    number. Both signals reach the work as exceptions, so that it can clean up.

    Parameters
    ----------
    work : callable
    """
    try:
        with plain_warnings(), _terminable():
            work()
    except IncompleteError:
        return INCOMPLETE
    except DatasetError as error:
        return fail(str(error))
    except MemoryError:
        return fail(
            "too little memory; expected room for all the values. "
            "Close other programs, or make the data smaller: fewer pixels or features."
        )
    except KeyboardInterrupt:
        return _stopped(signal.SIGINT)
    except _Terminated:
        return _stopped(signal.SIGTERM)
    return 0


@contextmanager
def _terminable() -> Iterator[None]:
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _terminate(*_: object) -> None:
    raise _Terminated


def _stopped(by: signal.Signals) -> int:
    tell(f"stopped by {by.name} before the end; nothing is left half written")
    return 128 + by
