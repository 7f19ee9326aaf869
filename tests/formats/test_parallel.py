from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError

import pytest

from napari_ifealid.formats import parallel
from napari_ifealid.formats.parallel import in_threads
from napari_ifealid.tracking import untracked

MANY = range(500)


class FailedError(Exception):
    pass


@pytest.fixture
def started(monkeypatch):
    """The items whose job has begun, of those that wait in two threads."""
    monkeypatch.setattr(parallel, "WORKERS", 2)
    return []


@pytest.fixture
def job(started):
    def take_some_time(item: int) -> int:
        started.append(item)
        time.sleep(0.01)
        return -item

    return take_some_time


def test_results_come_in_the_order_of_the_items(monkeypatch):
    monkeypatch.setattr(parallel, "WORKERS", 2)
    later_is_done = threading.Event()

    def job(item: int) -> int:
        if item == 0:
            assert later_is_done.wait(60)
        else:
            later_is_done.set()
        return item * 10

    assert list(in_threads(job, range(5), track=untracked, desc="")) == [0, 10, 20, 30, 40]


def test_jobs_run_in_no_more_threads_than_allowed(monkeypatch):
    monkeypatch.setattr(parallel, "WORKERS", 3)
    threads = list(in_threads(lambda _: threading.get_ident(), MANY, track=untracked, desc=""))
    assert threading.get_ident() not in threads
    assert len(set(threads)) <= 3


def test_progress_is_told():
    told = []

    def track(results, *, total, desc):
        for number, result in enumerate(results):
            told.append((number, total, desc))
            yield result

    assert list(in_threads(str, range(3), track=track, desc="Counting")) == ["0", "1", "2"]
    assert told == [(number, 3, "Counting") for number in range(3)]


def test_error_of_a_job_is_raised_and_drops_what_waits(started, job):
    def fail_at_the_third(item: int) -> int:
        if item == 2:
            raise FailedError
        return job(item)

    results = in_threads(fail_at_the_third, MANY, track=untracked, desc="")
    assert [next(results), next(results)] == [0, -1]
    with pytest.raises(FailedError):
        next(results)
    assert len(started) < len(MANY) / 2


def fails(results, **_):
    yield next(iter(results))
    raise FailedError


def ends(results, **_):
    yield next(iter(results))


@pytest.mark.parametrize(("track", "error"), [(fails, FailedError), (ends, CancelledError)])
def test_cancellation_by_the_progress_drops_what_waits(started, job, track, error):
    with pytest.raises(error):
        list(in_threads(job, MANY, track=track, desc=""))
    assert len(started) < len(MANY) / 2


def test_closing_drops_what_waits(started, job):
    results = in_threads(job, MANY, track=untracked, desc="")
    next(results)
    results.close()
    assert len(started) < len(MANY) / 2


def test_no_thread_is_left(started, job):
    before = threading.active_count()
    results = in_threads(job, MANY, track=untracked, desc="")
    next(results)
    assert threading.active_count() == before + 2
    results.close()
    assert threading.active_count() == before
