from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.engines import cores
from napari_ifealid.engines.cores import core_count, on_all_cores


@given(count=st.integers(0, 1000), least=st.integers(1, 400))
def test_each_row_is_worked_on_once(count, least):
    done = np.zeros(count, int)

    def work(rows: slice) -> None:
        done[rows] += 1

    on_all_cores(work, count, least=least)
    assert (done == 1).all()


def test_shares_are_worked_on_at_the_same_time(monkeypatch):
    monkeypatch.setattr(cores, "core_count", lambda: 2)
    cores._pool.cache_clear()
    both = threading.Barrier(2, timeout=60)
    on_all_cores(lambda _: both.wait(), 20, least=10)
    assert not both.broken


def test_little_work_stays_in_the_thread():
    threads = []
    on_all_cores(lambda _: threads.append(threading.get_ident()), 19, least=10)
    assert threads == [threading.get_ident()]


def test_error_in_any_share_is_raised(monkeypatch):
    monkeypatch.setattr(cores, "core_count", lambda: 2)
    cores._pool.cache_clear()

    def work(rows: slice) -> None:
        if rows.start:
            raise MemoryError

    with pytest.raises(MemoryError):
        on_all_cores(work, 20, least=10)


def test_there_is_a_core():
    assert core_count() >= 1
