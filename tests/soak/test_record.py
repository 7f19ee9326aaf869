from __future__ import annotations

from soak.counts import Sample
from soak.record import Record


def test_record_is_read_as_it_was_written(tmp_path):
    sample = Sample(0.5, 700_000_000, 40, 12, 2, 300, 500, {"napari.viewer.Viewer": 1})
    record = Record(
        "hovering", 1, [sample], [[0.02, 0.03]], [[0.01, 0.02]], {"link": 3}, ["warning"]
    )
    record.write(tmp_path / "record.json")
    assert Record.read(tmp_path / "record.json") == record
