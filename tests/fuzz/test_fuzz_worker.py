from __future__ import annotations

import pytest
from fuzz_outcomes import Report
from fuzz_worker import MOST_BYTES, MOST_SECONDS, Result, summary


def test_outcome_within_the_limits_is_no_fault():
    assert Result(0, "a", MOST_SECONDS, MOST_BYTES).faults == []
    report = Report(values_size=1000)
    assert Result(0, "a", 0.1, MOST_BYTES + 1500, report).faults == []


@pytest.mark.parametrize(
    ("result", "fault"),
    [
        (Result(0, "a", seconds=MOST_SECONDS + 0.1), "2.1 s"),
        (Result(0, "a", memory=MOST_BYTES + 5_000_000), "105 MB of memory"),
        (Result(0, "a", report=Report(faults=["a crash"])), "a crash"),
    ],
)
def test_everything_else_is_one(result, fault):
    assert result.faults == [fault]


def test_summary_tells_the_worst():
    results = [Result(0, "a", 0.5, 10**6), Result(1, "b", 0.25, 2 * 10**6), Result(2, "c", 3.0)]
    told = summary(results)
    assert (told["inputs"], told["violations"]) == (3, 1)
    assert told["slowest"] == {"seconds": 3.0, "seed": "c"}
    assert told["largest"] == {"megabytes": 2.0, "seed": "b"}
