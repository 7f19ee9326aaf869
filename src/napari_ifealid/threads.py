"""Fewer threads for each process, where several processes share the cores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_limits: list[int] = []


def allowed_threads(wanted: int) -> int:
    """Return how many threads may share some work.

    Parameters
    ----------
    wanted : int
    """
    return min([*_limits, wanted])


@contextmanager
def limited_threads(most: int) -> Iterator[None]:
    """Let work be shared among no more threads meanwhile, in the whole process.

    Parameters
    ----------
    most : int
    """
    _limits.append(most)
    try:
        yield
    finally:
        _limits.remove(most)
