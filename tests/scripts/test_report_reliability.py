from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts/report_reliability.py"
DOCUMENT = """# Figures

<!-- fuzz -->
old
<!-- end of fuzz -->

Between.

<!-- soak -->
<!-- end of soak -->
"""


@pytest.fixture
def report(tmp_path):
    """Writes a section of a document, and returns how that ended and what it is then."""

    def run(name: str, figures: str) -> tuple[subprocess.CompletedProcess, str]:
        (tmp_path / "figures.md").write_text(figures)
        document = tmp_path / "reliability.md"
        document.write_text(DOCUMENT)
        command = [sys.executable, SCRIPT, name, tmp_path / "figures.md", "--document", document]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done, document.read_text()

    return run


@pytest.mark.parametrize("name", ["fuzz", "soak"])
def test_one_section_has_the_new_figures_and_the_rest_stays(report, name):
    done, document = report(name, r"| new \1 |")
    before, after = DOCUMENT.split(f"<!-- {name} -->\n")
    after = after.split(f"<!-- end of {name} -->\n")[1]
    new = f"<!-- {name} -->\n\n| new \\1 |\n\n<!-- end of {name} -->\n"
    assert (done.returncode, document) == (0, before + new + after)


def test_section_that_there_is_not_is_an_error_and_changes_nothing(report):
    done, document = report("hover", "new")
    assert done.returncode == 1
    assert "0 sections 'hover'" in done.stderr
    assert document == DOCUMENT
