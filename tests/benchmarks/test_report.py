from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPORT = Path(__file__).resolve().parents[2] / "benchmarks/report.py"
LARGE = "(256, 512, 256)"


def entry(name: str, milliseconds: float, **extra: float) -> dict:
    return {
        "name": name,
        "fullname": f"benchmarks/test_some.py::{name}",
        "group": None,
        "stats": {"median": milliseconds / 1000, "min": milliseconds / 1000},
        "extra_info": extra,
    }


@pytest.fixture
def report(tmp_path):
    """Runs the report on what was measured, and returns how it ended and what it wrote."""

    def report(*entries: dict, **settings: str) -> tuple[subprocess.CompletedProcess, str]:
        info = {"processor": "abacus", "python_version": "3.11.0", "settings": settings}
        run = {"machine_info": info, "benchmarks": list(entries)}
        (tmp_path / "results.json").write_text(json.dumps(run))
        command = [sys.executable, REPORT, tmp_path / "results.json"]
        document = tmp_path / "performance.md"
        done = subprocess.run(
            [*command, "--document", document], capture_output=True, text=True, check=False
        )
        return done, document.read_text()

    return report


def rows(text: str) -> dict[str, str]:
    """Return the table of bars, by what is to be reached."""
    table = text.split("## What is to be reached")[1].split("## All results")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")][1:]
    return {line.split(" | ")[0].removeprefix("| "): line for line in lines}


@pytest.mark.parametrize(("milliseconds", "reached"), [(1.4, "yes"), (1.6, "**no**")])
def test_bar_is_marked_as_reached_or_missed(report, milliseconds, reached):
    done, text = report(
        entry(f"test_map[CPU-{LARGE}-uint8]", milliseconds),
        entry(f"test_product_by_numpy[{LARGE}]", 1.5),
    )
    row = rows(text)["CPU, 8 bit, beside NumPy's product in float32"]
    assert f"{milliseconds / 1.5:.2f} times" in row
    assert row.endswith(f"| {reached} |")
    assert ("8 bit, beside NumPy" in done.stderr) is (reached != "yes")


def test_bar_without_its_benchmark_is_an_error(report):
    done, text = report(entry("test_of_something_else", 1.0))
    assert done.returncode == 1
    assert all("not measured" in row and row.endswith("| **no** |") for row in rows(text).values())


def test_limit_is_the_fastest_way_of_reading(report):
    ways = {"sum": 3.0, "largest": 4.0, "product": 2.0}
    _, text = report(
        entry(f"test_map[CPU-{LARGE}-float32]", 4.0),
        *(entry(f"test_reading_once[{LARGE}-float32-{way}]", ms) for way, ms in ways.items()),
    )
    assert (
        "2.00 times" in rows(text)["CPU, float32, beside reading the stack once in the fastest way"]
    )


def test_settings_that_change_the_libraries_are_named(report):
    _, text = report(OPENBLAS_CORETYPE="Haswell")
    assert "`OPENBLAS_CORETYPE=Haswell`" in text
    _, text = report()
    assert "quick libraries are: none" in text


def test_results_of_another_machine_are_kept_and_shown_beside(report, tmp_path):
    report(entry("test_map", 7.0, figure=3.0))
    results, kept = tmp_path / "results.json", tmp_path / "elsewhere/abacus.json"
    run = json.loads(results.read_text())
    run["machine_info"] |= {"system": "Linux", "renderer": "beads", "node": "not to be kept"}
    run["commit_info"] = {"id": "1234567890"}
    results.write_text(json.dumps(run))
    kept.parent.mkdir()
    subprocess.run([sys.executable, REPORT, results, "--keep", kept], check=True)
    assert "not to be kept" not in kept.read_text()
    program = (
        f"import sys; sys.path.insert(0, {str(REPORT.parent)!r}); import report; "
        f"report.ELSEWHERE = report.Path({str(kept.parent)!r}); "
        f"report.main([{str(results)!r}, '--document', {str(tmp_path / 'all.md')!r}])"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    elsewhere = (tmp_path / "all.md").read_text().split("## On another machine: beads")[1]
    assert "commit 1234567;" in elsewhere
    assert "Machine: abacus" in elsewhere
    assert "| test_map | 7.000 ms | 7.000 ms | figure 3 |" in elsewhere
