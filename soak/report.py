"""The figures of a run as a table and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

import napari
import psutil
from qtpy import API_NAME, QT_VERSION

from soak.limits import Spans, Verdict, verdicts
from soak.record import Record

_HEADER = ("", "after warm-up", "at the end", "at most", "kept")


def table(found: list[Verdict]) -> str:
    """Return the figures of a part as a table in Markdown, which reads well as text."""
    rows = [_HEADER, *map(_cells, found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def text(records: Mapping[str, Record]) -> str:
    """Return the figures of all parts as a text in Markdown."""
    paragraphs = [_machine()]
    for name, record in records.items():
        count, last = len(record.samples), record.samples[-1]
        spans = Spans.of(count, record.warm_up)
        length = spans.last.stop - spans.last.start
        paragraphs += [
            f"**{name.capitalize()}**: {count} rounds in {last.minute:.0f} minutes, medians of "
            f"{length} rounds after a warm-up of {spans.first.start} and of the last {length}.",
            table(verdicts(record)),
        ]
    return "\n\n".join(paragraphs) + "\n"


def write_json(path: Path, records: Mapping[str, Record]) -> None:
    """Write all that was measured, and what was made of it."""
    content = {
        "machine": _machine(),
        "parts": {
            name: asdict(record) | {"verdicts": [_told(one) for one in verdicts(record)]}
            for name, record in records.items()
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1))


def _told(verdict: Verdict) -> dict[str, Any]:
    most = verdict.most if isfinite(verdict.most) else None
    return asdict(verdict) | {"most": most, "is_kept": verdict.is_kept}


def _cells(one: Verdict) -> tuple[str, ...]:
    unit = f" {one.unit}" if one.unit else ""
    most = f"{_number(one.most)}{unit}" if isfinite(one.most) else ""
    ends = (f"{_number(value)}{unit}" for value in (one.first, one.last))
    return (one.what, *ends, most, ("yes" if one.is_kept else "**no**") if most else "")


def _number(value: float) -> str:
    return f"{value:.0f}" if value == round(value) else f"{value:.4g}"


def _machine() -> str:
    memory = psutil.virtual_memory().total / 1e9
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, "
        f"Python {platform.python_version()}, napari {napari.__version__}, "
        f"{API_NAME} {QT_VERSION}"
    )
