from __future__ import annotations

from collections.abc import Iterator

import pytest
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_ifealid.widgets.worker_bar import WorkerBar
from napari_ifealid.widgets.worker_progress import WorkerProgress


@pytest.fixture
def bar(qtbot) -> Iterator[WorkerBar]:
    window = QWidget()
    bar = WorkerBar()
    QVBoxLayout(window).addWidget(bar)
    window.show()
    yield bar
    window.close()


def shown(bar: WorkerBar) -> tuple[str, int, int]:
    return bar.text.text(), bar.bar.value(), bar.bar.maximum()


def test_bar_is_there_only_while_it_follows_some_work(bar):
    assert not bar.isVisible()
    bar.follow(WorkerProgress())
    assert bar.isVisible()
    assert shown(bar) == ("Preparing…", 0, 0)
    bar.follow(None)
    assert not bar.isVisible()


def test_steps_are_followed(bar, qtbot):
    progress = WorkerProgress()
    bar.follow(progress)
    for step in progress.track(range(3), total=3, desc="Reading"):
        qtbot.waitUntil(lambda step=step: shown(bar) == ("Reading…", step, 3))


def test_cancellation_is_shown_until_the_work_has_stopped(bar, qtbot):
    progress = WorkerProgress()
    bar.follow(progress)
    progress.cancel()
    qtbot.waitUntil(lambda: bar.text.text() == "Cancelling…")
