from __future__ import annotations

from concurrent.futures import CancelledError

import pytest

from napari_ifealid.widgets.worker_progress import WorkerProgress


def test_steps_are_counted_as_they_begin():
    progress = WorkerProgress()
    shown = [progress.shown for _ in progress.track("ab", total=2, desc="Reading")]
    assert shown == [("Reading", 0, 2), ("Reading", 1, 2)]


def test_work_without_steps_is_told_of():
    progress = WorkerProgress()
    progress.begin("Loading")
    assert progress.shown == ("Loading", 0, 0)


def test_of_iterations_within_each_other_the_outermost_is_shown():
    progress = WorkerProgress()
    for slice_ in progress.track(range(2), total=2, desc="Slices"):
        for _ in progress.track(range(3), total=3, desc="Tiles"):
            assert progress.shown == ("Slices", slice_, 2)
    for _ in progress.track("a", total=1, desc="Afterwards"):
        assert progress.shown == ("Afterwards", 0, 1)


def test_cancelled_work_stops_at_the_next_step_of_any_iteration():
    progress, done = WorkerProgress(), []

    def work():
        for slice_ in progress.track(range(2), total=2, desc="Slices"):
            for tile in progress.track(range(3), total=3, desc="Tiles"):
                done.append((slice_, tile))
                if (slice_, tile) == (1, 1):
                    progress.cancel()

    with pytest.raises(CancelledError, match="Tiles: cancelled"):
        work()
    assert done == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]


def test_cancelled_work_does_not_begin():
    progress = WorkerProgress()
    progress.cancel()
    with pytest.raises(CancelledError, match="Loading: cancelled"):
        progress.begin("Loading")
    assert progress.is_cancelled


def test_work_stops_when_the_application_ends(qapp):
    progress = WorkerProgress()
    progress.begin("Loading")
    qapp.aboutToQuit.emit()
    with pytest.raises(CancelledError):
        progress.begin("Loading")
