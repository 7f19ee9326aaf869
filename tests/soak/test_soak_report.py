from __future__ import annotations

import json

import pytest

from soak.counts import Sample
from soak.limits import Verdict, verdicts
from soak.record import Record
from soak.report import table, text, write_json


@pytest.fixture
def records() -> dict[str, Record]:
    samples = [
        Sample(0.5 * number, 700_000_000 + 5_000_000 * number, 40, 12, 2, 300, 500, {})
        for number in range(12)
    ]
    return {"opening": Record("opening", samples=samples)}


def test_table_says_what_was_not_kept():
    lines = table([Verdict("memory", 700.0, 719.5, 707.0, "MB"), Verdict("threads", 12, 12, 12)])
    assert [cell.strip() for cell in lines.splitlines()[2].split("|")[1:-1]] == [
        "memory",
        "700 MB",
        "719.5 MB",
        "707 MB",
        "**no**",
    ]
    assert lines.splitlines()[3].split("|")[-2].strip() == "yes"


def test_figure_without_a_limit_is_told_alone():
    (*_, line) = table([Verdict("p50 of a hover", 20.04, 21.0, float("inf"), "ms")]).splitlines()
    cells = [cell.strip() for cell in line.split("|")[1:-1]]
    assert cells == ["p50 of a hover", "20.04 ms", "21 ms", "", ""]


def test_text_says_how_long_it_was_and_which_rounds_are_compared(records):
    assert (
        "**Opening**: 12 rounds in 6 minutes, medians of 3 rounds after a warm-up of 3 and of the "
        "last 3." in text(records)
    )


def test_json_has_all_that_was_measured_and_the_verdicts(records, tmp_path):
    path = tmp_path / "folder/soak.json"
    write_json(path, records)
    part = json.loads(path.read_text())["parts"]["opening"]
    assert len(part["samples"]) == 12
    told = {one["what"]: one["is_kept"] for one in part["verdicts"]}
    assert told == {one.what: one.is_kept for one in verdicts(records["opening"])}
    assert not told["memory"]
