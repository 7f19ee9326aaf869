from __future__ import annotations

import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from napari_ifealid.formats import MetadataWarning, OverlayWarning
from napari_ifealid.thread_warnings import warn, warnings_told_to


@pytest.fixture
def shown(monkeypatch) -> list[str]:
    """What is shown where nobody listens."""
    shown = []
    monkeypatch.setattr(warnings, "showwarning", lambda message, *_: shown.append(str(message)))
    return shown


def test_warnings_are_told_and_not_shown(shown):
    told = []
    with warnings_told_to(told.append):
        warnings.warn("one", UserWarning, stacklevel=1)
    warnings.warn("two", UserWarning, stacklevel=1)
    assert [(type(one), str(one)) for one in told] == [(UserWarning, "one")]
    assert shown == ["two"]


def test_warnings_of_another_category_are_shown(shown):
    told = []
    with warnings_told_to(told.append, OverlayWarning):
        warnings.warn("metadata", MetadataWarning, stacklevel=1)
        warnings.warn("overlay", OverlayWarning, stacklevel=1)
    assert [str(one) for one in told] == ["overlay"]
    assert shown == ["metadata"]


def test_innermost_listener_that_takes_a_category_is_told(shown):
    outer, inner = [], []
    with warnings_told_to(outer.append), warnings_told_to(inner.append, OverlayWarning):
        warnings.warn("overlay", OverlayWarning, stacklevel=1)
        warnings.warn("other", UserWarning, stacklevel=1)
    assert [[str(one) for one in told] for told in (outer, inner)] == [["other"], ["overlay"]]
    assert shown == []


def test_threads_that_overlap_hear_their_own_warnings_and_leave_nothing_behind(shown):
    before = warnings.showwarning
    is_first_in, is_second_in, is_first_out = (threading.Event() for _ in range(3))
    told = {"first": [], "second": []}

    def first() -> None:
        with warnings_told_to(told["first"].append):
            is_first_in.set()
            assert is_second_in.wait(20)
            warnings.warn("of the first", UserWarning, stacklevel=1)

    def second() -> None:
        assert is_first_in.wait(20)
        with warnings_told_to(told["second"].append):
            is_second_in.set()
            assert is_first_out.wait(20)
            warnings.warn("of the second", UserWarning, stacklevel=1)

    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(first), pool.submit(second)
        running[0].result(20)
        warnings.warn("of this one", UserWarning, stacklevel=1)
        is_first_out.set()
        running[1].result(20)
    texts = {name: [str(one) for one in heard] for name, heard in told.items()}
    assert texts == {"first": ["of the first"], "second": ["of the second"]}
    assert shown == ["of this one"]
    assert warnings.showwarning is before


def test_what_others_have_put_in_place_meanwhile_stays(shown, monkeypatch):
    others = []
    with warnings_told_to(lambda _: None):
        monkeypatch.setattr(warnings, "showwarning", lambda message, *_: others.append(message))
        theirs = warnings.showwarning
    assert warnings.showwarning is theirs


def test_others_may_put_back_what_listens(shown):
    told = []
    with warnings_told_to(told.append):
        overlapping = warnings.catch_warnings()
        overlapping.__enter__()
    overlapping.__exit__(None, None, None)
    warnings.warn("shown", UserWarning, stacklevel=1)
    with warnings_told_to(told.append):
        warnings.warn("told", UserWarning, stacklevel=1)
    assert shown == ["shown"]
    assert [str(one) for one in told] == ["told"]


def test_own_warnings_are_heard_each_time_whatever_the_filters_say(shown):
    told = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with warnings_told_to(told.append):
            for _ in range(2):
                warn(OverlayWarning("no overlay"))
    assert [str(one) for one in told] == ["no overlay"] * 2
    assert shown == []


def test_own_warning_that_nobody_hears_is_of_the_place_that_was_asked_for():
    def reader() -> None:
        warn(OverlayWarning("no overlay"), stacklevel=2)

    with pytest.warns(OverlayWarning, match="no overlay") as caught:
        reader()
    assert caught[0].filename == __file__
    assert caught[0].lineno == reader.__code__.co_firstlineno + 4
