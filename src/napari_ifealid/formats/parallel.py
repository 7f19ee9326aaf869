"""Work in threads, in order, with its progress shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from napari_ifealid.threads import allowed_threads
from napari_ifealid.tracking import Track, every_item

WORKERS = min(8, os.cpu_count() or 1)

Item = TypeVar("Item")
Result = TypeVar("Result")


def worker_count() -> int:
    """Return how many threads `in_threads` has."""
    return allowed_threads(WORKERS)


def in_threads(
    job: Callable[[Item], Result], items: Sequence[Item], *, track: Track, desc: str
) -> Generator[Result]:
    """Yield the result for each item, in order. An error or a cancellation drops what is waiting.

    Parameters
    ----------
    job : callable
        Called with each item, in several threads.
    items : sequence
    track : callable
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.
    desc : str
        Name of the task.
    """
    pool = ThreadPoolExecutor(worker_count())
    try:
        yield from every_item(track, pool.map(job, items), total=len(items), desc=desc)
    finally:
        pool.shutdown(cancel_futures=True)
