"""Put what make fuzz, abuse, soak and test-everywhere have found into docs/reliability.md.

Each has left its figures in .reliability. A section whose command has not been run stays as it is.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

HOUSE = Path(__file__).resolve().parents[1]
DOCUMENT = HOUSE / "docs/reliability.md"
FIGURES = HOUSE / ".reliability"
_HALVES = "numerics", "windows"  # of make test
_COUNTED = ("tests", "failures", "errors", "skipped")


def with_section(document: str, name: str, text: str) -> str:
    """Return a document with another text between "<!-- name -->" and "<!-- end of name -->".

    Raises
    ------
    ValueError
        If the document has no such section, or more than one.
    """
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    pattern = re.compile(f"(?<={re.escape(start)}).*?(?={re.escape(end)})", re.DOTALL)
    count = len(pattern.findall(document))
    if count != 1:
        raise ValueError(f"{count} sections {name!r}, expected one")
    return pattern.sub(lambda _: f"\n{text.strip()}\n\n", document)


def fuzz_text(told: dict[str, Any]) -> str:
    """Return what became of damaged files."""
    outcomes = told["outcomes"].items()
    return "\n\n".join(
        [
            f"{told['inputs']:,} files, opened in {told['openings']:,} ways in "
            f"{told['seconds'] / 60:.0f} minutes. **Outside the list, or over a limit: "
            f"{told['violations']}.**",
            _table(("outcome", "times"), [(name, f"{count:,}") for name, count in outcomes]),
            f"The slowest took {told['slowest']['seconds']} s (`{told['slowest']['seed']}`); the "
            f"most memory beyond what an honest file needs was {told['largest']['megabytes']} MB "
            f"(`{told['largest']['seed']}`).",
        ]
    )


def abuse_text(told: dict[str, Any]) -> str:
    """Return what became of random sequences in a window."""
    return (
        f"{told['sequences']} sequences, {told['steps']:,} steps in "
        f"{told['seconds'] / 60:.0f} minutes, seed {told['seed']}. "
        f"**Sequences in which something went wrong: {told['violations']}.**"
    )


def soak_text(told: dict[str, Any]) -> str:
    """Return what a window had grown by in the end."""
    paragraphs = [told["machine"]]
    for name, part in told["parts"].items():
        minutes = part["samples"][-1]["minute"]
        paragraphs.append(f"**{name.capitalize()}**, {minutes:.0f} minutes:")
        rows = [
            (
                one["what"],
                _figure(one["first"], one["unit"]),
                _figure(one["last"], one["unit"]),
                "" if one["most"] is None else _figure(one["most"], one["unit"]),
                "" if one["most"] is None else "yes" if one["is_kept"] else "**no**",
            )
            for one in part["verdicts"]
        ]
        paragraphs.append(_table(("", "after warm-up", "at the end", "at most", "kept"), rows))
    return "\n\n".join(paragraphs)


def tests_text(reports: Iterable[Path]) -> str:
    """Return how the tests went in each environment, of which there are JUnit reports."""
    counts: dict[str, Counter[str]] = {}
    halves: dict[str, list[str]] = {}
    versions: dict[str, str] = {}
    for report in sorted(reports):
        name, _, half = report.stem.rpartition("-")
        halves.setdefault(name, []).append(half)
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            found = {key: int(suite.get(key, 0)) for key in _COUNTED}
            counts.setdefault(name, Counter()).update(found)
            for told in suite.iter("property"):
                if told.get("name") == "versions":
                    versions[name] = str(told.get("value"))
    rows = [
        (
            name if len(halves[name]) == len(_HALVES) else f"{name}, {halves[name][0]} only",
            versions.get(name, ""),
            f"{found['tests'] - found['failures'] - found['errors'] - found['skipped']:,}",
            f"{found['skipped']:,}",
            f"{found['failures'] + found['errors']}",
        )
        for name, found in counts.items()
    ]
    return _table(("environment", "versions", "passed", "skipped", "failed"), rows)


def _figure(value: float, unit: str) -> str:
    return (
        f"{value:,.0f} {unit}".strip() if value == round(value) else f"{value:.4g} {unit}".strip()
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


_TEXTS = {"fuzz": fuzz_text, "exhaustive": fuzz_text, "abuse": abuse_text, "soak": soak_text}


def main() -> None:
    """Write each section that there are figures for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--figures", type=Path, default=FIGURES, help="folder of the figures")
    parser.add_argument("--document", type=Path, default=DOCUMENT)
    options = parser.parse_args()
    sections = {
        name: text(json.loads(file.read_text("utf-8")))
        for name, text in _TEXTS.items()
        if (file := options.figures / f"{name}.json").exists()
    }
    reports = [*options.figures.glob("tests/*.xml")]
    if reports:
        sections["tests"] = tests_text(reports)
    document = options.document.read_text("utf-8")
    try:
        for name, text in sections.items():
            document = with_section(document, name, text)
    except ValueError as error:
        sys.exit(f"{options.document}: {error}")
    options.document.write_text(document, "utf-8")
    print(f"Wrote {', '.join(sections) or 'nothing: there are no figures'}")


if __name__ == "__main__":
    main()
