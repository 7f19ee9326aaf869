"""Work that is waited for no longer than a given time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

Result = TypeVar("Result")


def within(seconds: float, work: Callable[[], Result]) -> Result:
    """Return the result of a function, which runs in a thread of its own.

    A limit of a socket counts anew with each byte, and leaves out the time that the name of a
    server takes to be found; this one does not.

    Parameters
    ----------
    seconds : float
    work : callable
        What it does after that time is lost, and nobody waits for it.

    Raises
    ------
    TimeoutError
        If it takes longer.
    Exception
        Whatever the function raises.
    """
    outcome: Future[Result] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # all of them belong to the thread that waits
            outcome.set_exception(error)

    Thread(target=run, daemon=True).start()
    return outcome.result(seconds)
