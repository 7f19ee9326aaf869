from __future__ import annotations

import weakref

import pytest
from qtpy.QtWidgets import QLabel, QProgressBar, QPushButton

from napari_ifealid.widgets import late_progress_bar
from napari_ifealid.widgets.late_progress_bar import LateProgressBar


@pytest.fixture
def viewer(make_napari_viewer, monkeypatch):
    monkeypatch.setattr(late_progress_bar, "has_window", lambda: True)
    return make_napari_viewer()


@pytest.fixture
def soon(monkeypatch) -> None:
    """Bars come soon."""
    monkeypatch.setattr(late_progress_bar, "UNNOTICED", 0.01)


@pytest.fixture
def bars(viewer):
    """Returns the progress bars of the viewer's window. Qt may still have those of other tests."""
    label = QLabel("A widget in the window")
    viewer.window.add_dock_widget(label)
    return lambda: label.window().findChildren(QProgressBar)


def test_quick_work_shows_no_bar(viewer, bars, qtbot):
    bar = LateProgressBar("Quick", 5)
    bar.close()
    qtbot.wait(600)
    assert bars() == []


def test_bar_of_slow_work_shows_how_far_it_is(bars, soon, qtbot):
    bar = LateProgressBar("Slow", 5)
    bar.advance()
    qtbot.waitUntil(lambda: len(bars()) == 1)
    (shown,) = bars()
    qtbot.waitUntil(lambda: (shown.value(), shown.maximum()) == (1, 5))
    bar.advance()
    bar.advance()
    qtbot.waitUntil(lambda: shown.value() == 3)
    bar.close()
    qtbot.waitUntil(lambda: bars() == [])


def test_name_of_a_file_is_no_html_in_a_bar(bars, soon, qtbot):
    bar = LateProgressBar("Opening <b>a</b>\x1b", 5)
    qtbot.waitUntil(lambda: len(bars()) == 1)
    texts = [label.text() for label in bars()[0].parent().findChildren(QLabel)]
    assert any("Opening <\u2060b>a<\u2060/b>\\x1b" in text for text in texts)
    bar.close()


def test_cancel_button_is_there_where_work_can_be_cancelled(viewer, bars, soon, qtbot):
    cancelled = []
    bar = LateProgressBar("Slow", 5, lambda: cancelled.append(1))
    qtbot.waitUntil(lambda: len(bars()) == 1)
    (button,) = bars()[0].parent().findChildren(QPushButton)
    button.click()
    assert cancelled == [1]
    bar.close()


def test_bar_that_is_closed_does_not_keep_what_it_was_to_cancel(viewer):
    def cancel() -> None: ...

    bar, cancel_there = LateProgressBar("Slow", 5, cancel), weakref.ref(cancel)
    bar.close()
    del cancel
    assert cancel_there() is None


def test_no_bar_without_a_window(qapp, bars, soon, monkeypatch, qtbot):
    monkeypatch.setattr(late_progress_bar, "has_window", lambda: False)
    LateProgressBar("Slow")
    qtbot.wait(100)
    assert bars() == []


def test_bar_is_opened_once_though_napari_handles_events_meanwhile(
    viewer, soon, qtbot, monkeypatch
):
    opened = []
    open_ = LateProgressBar._opened

    def slowly(bar):
        opened.append(bar)
        qtbot.wait(100)  # as napari does: the timer's time is up again meanwhile
        return open_(bar)

    monkeypatch.setattr(LateProgressBar, "_opened", slowly)
    bar = LateProgressBar("Slow", 5)
    qtbot.wait(400)
    assert opened == [bar]
    bar.close()


def test_bar_that_is_closed_while_napari_opens_it_goes(viewer, bars, soon, qtbot, monkeypatch):
    open_ = LateProgressBar._opened

    def closed_meanwhile(bar):
        bar.close()
        return open_(bar)

    monkeypatch.setattr(LateProgressBar, "_opened", closed_meanwhile)
    LateProgressBar("Slow", 5)
    qtbot.wait(200)
    qtbot.waitUntil(lambda: bars() == [])


def test_bar_is_closed_after_qt_has_deleted_its_timer_at_the_end_of_the_program(qapp, qtbot):
    bar = LateProgressBar("Unfinished", 5)
    with qtbot.waitSignal(bar._timer.destroyed):
        bar._timer.deleteLater()
    bar.close()
