"""Work on all cores at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise

from napari_ifealid.threads import allowed_threads


def core_count() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return allowed_threads(len(os.sched_getaffinity(0)))
    return allowed_threads(os.cpu_count() or 1)


def on_all_cores(work: Callable[[slice], None], count: int, *, least: int) -> None:
    """Share rows among all cores, and wait until all are done.

    Parameters
    ----------
    work : callable
        Called with slices of rows, in several threads.
    count : int
        Number of rows.
    least : int
        Rows that are worth a thread.
    """
    shares = max(1, min(core_count(), count // least))
    edges = [count * number // shares for number in range(shares + 1)]
    first, *others = (slice(*edge) for edge in pairwise(edges))
    waiting = [_pool().submit(work, rows) for rows in others]
    work(first)
    for share in waiting:
        share.result()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(core_count(), thread_name_prefix="similarity")
