from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2]
SCRIPT = HOUSE / "scripts/report_reliability.py"
NAMES = ("fuzz", "exhaustive", "abuse", "soak", "tests")
DOCUMENT = "\nBetween.\n\n".join(
    f"<!-- {name} -->\nold\n<!-- end of {name} -->\n" for name in NAMES
)
FUZZ = {
    "inputs": 100_000,
    "openings": 250_000,
    "outcomes": {"stack": 150_000, "error": 100_000},
    "violations": 0,
    "slowest": {"seconds": 1.25, "seed": "tiny.h5"},
    "largest": {"megabytes": 31.5, "seed": "tiny.tif"},
    "seconds": 1800,
}
ABUSE = {"sequences": 300, "steps": 6000, "violations": 2, "seconds": 540.0, "seed": 1}
VERDICT = {"what": "memory", "first": 700.25, "last": 701, "most": 707.25, "unit": "MB"}
SOAK = {
    "machine": "an abacus",
    "parts": {
        "hovering": {
            "samples": [{"minute": 0.5}, {"minute": 60.2}],
            "verdicts": [VERDICT | {"is_kept": True}, VERDICT | {"is_kept": False}],
        }
    },
}
JUNIT = """<testsuites><testsuite tests="{}" failures="1" errors="2" skipped="3">
<properties><property name="versions" value="Python 3.13, PySide6 6.11"/></properties>
</testsuite></testsuites>"""


@pytest.fixture
def report(tmp_path):
    """Writes figures into a document, and returns how that ended and what the document is then."""

    def run(document: str = DOCUMENT, **figures: object):
        for name, told in figures.items():
            (tmp_path / f"{name}.json").write_text(json.dumps(told))
        path = tmp_path / "reliability.md"
        path.write_text(document)
        command = [sys.executable, SCRIPT, "--figures", tmp_path, "--document", path]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done, path.read_text()

    return run


def section(document: str, name: str) -> str:
    return document.split(f"<!-- {name} -->")[1].split(f"<!-- end of {name} -->")[0].strip()


def test_damaged_files_are_counted_by_their_outcomes(report):
    text = section(report(fuzz=FUZZ)[1], "fuzz")
    assert "100,000 files, opened in 250,000 ways in 30 minutes" in text
    assert "over a limit: 0" in text
    assert "| stack | 150,000 |" in text
    assert "1.25 s (`tiny.h5`)" in text


def test_sequences_that_went_wrong_are_counted(report):
    text = section(report(abuse=ABUSE)[1], "abuse")
    assert text.startswith("300 sequences, 6,000 steps in 9 minutes, seed 1.")
    assert "went wrong: 2" in text


def test_limits_of_a_soak_are_told_as_kept_or_not(report):
    text = section(report(soak=SOAK)[1], "soak")
    assert "an abacus" in text
    assert "**Hovering**, 60 minutes" in text
    assert "| memory | 700.2 MB | 701 MB | 707.2 MB | yes |" in text
    assert "| **no** |" in text


def test_both_halves_of_the_tests_are_added_up(report, tmp_path):
    (tmp_path / "tests").mkdir()
    for half, count in (("numerics", 1000), ("windows", 100)):
        (tmp_path / f"tests/pyside6-{half}.xml").write_text(JUNIT.format(count))
    text = section(report()[1], "tests")
    assert "| pyside6 | Python 3.13, PySide6 6.11 | 1,088 | 6 | 6 |" in text


def test_half_of_the_tests_is_told_as_such(report, tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/german-windows.xml").write_text(JUNIT.format(100))
    text = section(report()[1], "tests")
    assert "| german, windows only | Python 3.13, PySide6 6.11 | 94 | 3 | 3 |" in text


@pytest.mark.parametrize(
    "figures", [{}, {"fuzz": FUZZ}, {"exhaustive": FUZZ}, {"abuse": ABUSE, "soak": SOAK}]
)
def test_sections_without_figures_stay(report, figures):
    done, document = report(**figures)
    assert done.returncode == 0
    for name in NAMES:
        assert (section(document, name) == "old") == (name not in figures)


def test_section_that_there_is_not_is_an_error_and_changes_nothing(report):
    document = DOCUMENT.replace("soak", "soap")
    done, after = report(document, soak=SOAK)
    assert done.returncode == 1
    assert "0 sections 'soak'" in done.stderr
    assert after == document


def test_the_document_has_each_section(report):
    figures = {"fuzz": FUZZ, "exhaustive": FUZZ, "abuse": ABUSE, "soak": SOAK}
    done, _ = report((HOUSE / "docs/reliability.md").read_text(), **figures)
    assert done.returncode == 0
