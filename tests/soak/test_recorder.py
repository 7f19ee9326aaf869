from __future__ import annotations

import json

import pytest

from soak.counts import Sample
from soak.recorder import Recorder

SAMPLE = Sample(0.5, 700_000_000, 40, 12, 2, 300, 500, {"napari.viewer.Viewer": 1})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "hovering.json"


def test_rounds_are_written_at_once_and_the_file_is_there_at_the_end(path):
    recorder = Recorder(path, "opening")
    recorder.add(SAMPLE)
    recorder.add(SAMPLE)
    (unfinished,) = path.parent.iterdir()
    assert unfinished != path
    assert [*map(json.loads, unfinished.read_text().splitlines())][2]["sample"]["handles"] == 40
    assert recorder.rounds == 2
    recorder.end()
    assert list(path.parent.iterdir()) == [path]
