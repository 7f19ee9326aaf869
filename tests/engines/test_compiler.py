from __future__ import annotations

import threading

import pytest

from napari_ifealid.engines import compiler
from napari_ifealid.engines.compiler import Compiled, has_numba

needs_numba = pytest.mark.skipif(not has_numba(), reason="numba is not installed")


@needs_numba
def test_functions_are_ready_once_they_are_compiled():
    gate = threading.Event()
    compiled = Compiled(lambda: gate.wait(60) and "functions")
    assert compiled.ready is None
    begun = compiled.begin()
    assert compiled.ready is None
    gate.set()
    assert begun.result(60) == "functions"
    assert compiled.ready == "functions"


@needs_numba
def test_nothing_is_compiled_before_somebody_asks():
    calls = []
    compiled = Compiled(lambda: calls.append("compiled"))
    assert compiled.ready is None
    assert not calls
    compiled.begin().result(60)
    assert calls == ["compiled"]


@needs_numba
def test_functions_are_compiled_once():
    calls = []
    compiled = Compiled(lambda: calls.append("compiled"))
    first = compiled.begin()
    first.result(60)
    assert compiled.begin() is first
    assert len(calls) == 1


@needs_numba
def test_they_are_compiled_in_another_thread_one_after_the_other():
    threads = []
    several = [Compiled(lambda: threads.append(threading.get_ident())) for _ in range(3)]
    for begun in [one.begin() for one in several]:
        begun.result(60)
    assert len(threads) == 3
    assert len({*threads}) == 1
    assert threading.get_ident() not in threads


@needs_numba
@pytest.mark.parametrize("error", [ImportError, OSError, TypeError, RuntimeError])
def test_compiler_that_fails_is_done_without(error):
    def fails() -> None:
        raise error("no")

    compiled = Compiled(fails)
    assert compiled.begin().result(60) is None
    assert compiled.ready is None


def test_without_numba_there_is_nothing_to_wait_for(monkeypatch):
    monkeypatch.setattr(compiler, "has_numba", lambda: False)
    compiled = Compiled(lambda: pytest.fail("compiled without numba"))
    assert compiled.begin().result(60) is None
    assert compiled.ready is None
