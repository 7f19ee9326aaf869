from __future__ import annotations

import pytest

from napari_ifealid import _progress
from napari_ifealid._progress import late_progress


@pytest.fixture
def bars(monkeypatch) -> list:
    made = []

    class Bar:
        def __init__(self, **options):
            self.options, self.done, self.is_open = options, 0, True
            made.append(self)

        def update(self, steps):
            self.done += steps

        def close(self):
            self.is_open = False

    monkeypatch.setattr(_progress, "progress", Bar)
    return made


def test_quick_work_shows_no_bar(bars):
    assert list(late_progress(range(5), total=5, desc="Quick")) == [0, 1, 2, 3, 4]
    assert bars == []


def test_bar_of_slow_work_counts_what_was_done_before_it_came(bars, monkeypatch):
    clock = iter((0.0, 0.2, 0.4, 0.6))
    monkeypatch.setattr(_progress, "monotonic", lambda: next(clock))
    list(late_progress(range(5), total=5, desc="Slow"))
    (bar,) = bars
    assert bar.options == {"total": 5, "desc": "Slow"}
    assert bar.done == 5
    assert not bar.is_open


def test_name_of_a_file_is_no_html_in_a_bar(bars, monkeypatch):
    clock = iter((0.0, 1.0))
    monkeypatch.setattr(_progress, "monotonic", lambda: next(clock))
    list(late_progress(range(1), total=1, desc="Opening <b>a</b>\x1b"))
    assert bars[0].options["desc"] == "Opening <\u2060b>a<\u2060/b>\\x1b"


def test_bar_is_closed_after_an_error(bars, monkeypatch):
    clock = iter((0.0, 1.0))
    monkeypatch.setattr(_progress, "monotonic", lambda: next(clock))
    steps = late_progress(range(5), total=5, desc="Slow")
    assert [next(steps), next(steps)] == [0, 1]
    with pytest.raises(OSError, match="disk"):
        steps.throw(OSError("disk"))
    assert not bars[0].is_open
