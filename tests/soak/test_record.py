from __future__ import annotations

import pytest

from soak.counts import Sample
from soak.record import Record
from soak.recorder import Recorder

SAMPLE = Sample(0.5, 700_000_000, 40, 12, 2, 300, 500, {"napari.viewer.Viewer": 1})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "hovering.json"


def test_record_is_read_as_it_was_written(path):
    recorder = Recorder(path, "hovering", 1)
    recorder.acts["link"] += 3
    recorder.errors.append("warning")
    recorder.add(SAMPLE, [0.02, 0.03], [0.01, 0.02])
    recorder.end()
    assert Record.read(path) == Record(
        "hovering", 1, [SAMPLE], [[0.02, 0.03]], [[0.01, 0.02]], [], {"link": 3}, ["warning"]
    )


def test_rounds_that_are_not_timed_have_no_times(path):
    recorder = Recorder(path, "opening")
    for _ in range(3):
        recorder.add(SAMPLE)
    recorder.end()
    assert Record.read(path) == Record("opening", samples=3 * [SAMPLE])
