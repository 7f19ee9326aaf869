"""Who does the work of a batch: processes of this computer, or a cluster."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from napari_ifealid.batch.compare_file import Job, Outcome, compare_file, failed
from napari_ifealid.batch.question import Question
from napari_ifealid.errors import DatasetError, short_reason

_THREAD_SETTINGS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)
_PATIENCE = "20s"
_LARGEST_GROUP, _ROUNDS = 8, 8  # files of a task; tasks of each thread, so that all end together


class Runner(Protocol):
    """Compares files."""

    def run(self, jobs: Sequence[Job], question: Question) -> Iterator[Outcome]:
        """Yield the outcome of each job as it is there. A closed generator ends the work."""


class InTurn:
    """Compares one file after the other in this process."""

    def run(self, jobs: Sequence[Job], question: Question) -> Iterator[Outcome]:
        """Yield the outcome of each job, in order."""
        for job in jobs:
            yield compare_file(job, question)


@dataclass(frozen=True)
class Processes:
    """Compares files in several processes, each with one thread.

    A process that dies, as for want of memory, takes down no other file than its own.

    Parameters
    ----------
    count : int
    """

    count: int

    def run(self, jobs: Sequence[Job], question: Question) -> Iterator[Outcome]:
        """Yield the outcome of each job as it is there."""
        with _one_thread_each():
            suspects = yield from _in_pool(jobs, question, min(self.count, len(jobs)))
            for job in suspects:  # one of them ended its process; alone, each tells for itself
                for _ in (yield from _in_pool([job], question, 1)):
                    yield failed(job.location, _died(job.location))


@dataclass(frozen=True)
class Cluster:
    """Compares files on a scheduler of `dask.distributed`, whose workers see the same folders.

    Parameters
    ----------
    address : str
        Such as "tcp://10.0.0.1:8786".

    Raises
    ------
    DatasetError
        If distributed is not installed.
    """

    address: str

    def __post_init__(self) -> None:
        try:
            import distributed  # noqa: F401
        except ImportError as error:
            raise DatasetError(
                "no package distributed",
                expected="it, for work on a scheduler",
                remedy='Install it: pip install "napari-ifealid[cluster]"',
                file=self.address,
            ) from error

    def run(self, jobs: Sequence[Job], question: Question) -> Iterator[Outcome]:
        """Yield the outcome of each job as it is there."""
        from distributed import as_completed

        with _connected(self.address) as client:
            size = _group_size(len(jobs), sum(client.nthreads().values()))
            running = {
                _submitted(client, jobs[first : first + size], question): jobs[first : first + size]
                for first in range(0, len(jobs), size)
            }
            suspects: list[Job] = []
            try:
                for future in as_completed(list(running), loop=client.loop):
                    # a future that is kept is done again where its worker dies later
                    group = running.pop(future)
                    if future.status == "finished":
                        yield from future.result()
                    else:
                        suspects += group
                    del future
                for job in suspects:  # one of them ended its worker; alone, each tells for itself
                    alone = _submitted(client, [job], question)
                    running = {alone: [job]}
                    error = alone.exception()
                    if error is None:
                        yield from alone.result()
                    else:
                        yield failed(job.location, _died(job.location, error))
            finally:
                client.cancel(list(running))


def _compare_group(jobs: Sequence[Job], question: Question) -> list[Outcome]:
    return [compare_file(job, question) for job in jobs]


def _submitted(client: Any, jobs: Sequence[Job], question: Question) -> Any:
    # not scattered: what is scattered is lost with the worker that holds it
    return client.submit(_compare_group, jobs, question, pure=False)


def _group_size(jobs: int, threads: int) -> int:
    """Return how many files make a task: each task costs the scheduler some milliseconds."""
    return max(1, min(_LARGEST_GROUP, jobs // (_ROUNDS * max(1, threads))))


def _in_pool(
    jobs: Sequence[Job], question: Question, count: int
) -> Generator[Outcome, None, list[Job]]:
    """Yield outcomes; return the jobs that were under way when a process died."""
    waiting = list(reversed(jobs))
    running: dict[Future[Outcome], Job] = {}
    suspects: list[Job] = []
    pool = _new_pool(question, count)
    try:
        while waiting or running:
            while waiting and len(running) <= count:
                job = waiting.pop()
                running[pool.submit(_compare, job)] = job
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                job = running.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    suspects.append(job)
            if suspects:
                suspects += running.values()
                running.clear()
                pool.shutdown(cancel_futures=True)
                pool = _new_pool(question, count)
    finally:
        pool.shutdown(cancel_futures=True)
    return suspects


def _new_pool(question: Question, count: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, context, initializer=_begin, initargs=(question,))


_question: Question | None = None


def _begin(question: Question) -> None:
    """Prepare a process of the pool."""
    global _question
    _question = question
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process stops the others
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # a killed parent can't end the pool, and what waits would wait for ever


def _compare(job: Job) -> Outcome:
    assert _question is not None
    return compare_file(job, _question)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let libraries of processes that are started meanwhile have one thread only."""
    before = {name: os.environ.get(name) for name in _THREAD_SETTINGS}
    os.environ.update(dict.fromkeys(_THREAD_SETTINGS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    from distributed import Client

    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"no scheduler that answers ({short_reason(error)})",
            expected="the address of a running dask scheduler, such as tcp://10.0.0.1:8786",
            remedy="Start one with dask scheduler, and workers with dask worker ADDRESS.",
            file=address,
        ) from error
    with client:
        yield client


def _died(location: str, error: BaseException | None = None) -> DatasetError:
    why = "" if error is None else f" ({type(error).__name__}: {str(error).partition(chr(10))[0]})"
    return DatasetError(
        f"a process that ended while it compared the file{why}",
        expected="memory enough for it, and an undamaged file",
        remedy="Try it with --jobs 1, or open the file in the window.",
        file=location,
    )
