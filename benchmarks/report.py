"""Write docs/performance.md from the results of the benchmarks: make bench."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[1] / "docs/performance.md"
LARGE = "(256, 512, 256)"


@dataclass(frozen=True)
class Bar:
    """What the times of two benchmarks of one run are to reach.

    Parameters
    ----------
    what : str
    measured, reference : str
        Names of benchmarks.
    most : float
        Of the ratio, or of the difference in milliseconds.
    is_difference : bool
        Whether they are subtracted and not divided.
    """

    what: str
    measured: str
    reference: str
    most: float
    is_difference: bool = False

    def row(self, entries: dict[str, dict]) -> str:
        """Return a row of the table, with a mark where the bar is missed."""
        measured = _median(entries[self.measured])
        reference = _median(entries[self.reference]) if self.reference else 0.0
        if self.is_difference:
            value, told, most = measured - reference, "{:.1f} ms more", f"{self.most:g} ms"
        else:
            value, told, most = measured / reference, "{:.2f} times", f"{self.most:g} times"
        beside = f"{reference:.2f} ms" if self.reference else ""
        return (
            f"| {self.what} | {measured:.2f} ms | {beside} | {told.format(value)} | "
            f"at most {most} | {_reached(value <= self.most)} |"
        )


@dataclass(frozen=True)
class Figure:
    """What another figure that a benchmark tells is to reach.

    Parameters
    ----------
    what : str
    measured : str
        Name of the benchmark.
    figure : str
        Its name among the benchmark's own.
    most, least : float
    """

    what: str
    measured: str
    figure: str
    most: float = inf
    least: float = -inf

    def row(self, entries: dict[str, dict]) -> str:
        """Return a row of the table, with a mark where the bar is missed."""
        value = entries[self.measured]["extra_info"][self.figure]
        bar = f"at most {self.most:g}" if self.most < inf else f"at least {self.least:g}"
        reached = _reached(self.least <= value <= self.most)
        return f"| {self.what} | {value:.3f} | | | {bar} | {reached} |"


def _reached(is_met: bool) -> str:
    return "yes" if is_met else "**no**"


def _median(entry: dict) -> float:
    return 1000.0 * entry["stats"]["median"]


BARS = [
    Bar(
        "CPU, float32, beside reading the stack once",
        f"test_map[CPU-{LARGE}-float32]",
        f"test_reading_once[{LARGE}-float32]",
        1.5,
    ),
    Bar(
        "CPU, 8 bit, beside NumPy in float32",
        f"test_map[CPU-{LARGE}-uint8]",
        f"test_plain_numpy[{LARGE}]",
        1.0,
    ),
    Bar(
        "CPU, 16 bit, beside NumPy in float32",
        f"test_map[CPU-{LARGE}-uint16]",
        f"test_plain_numpy[{LARGE}]",
        1.0,
    ),
    *(
        Figure(
            f"memory at the peak with the stack, {bits} bit, in sizes of the stack",
            f"test_map[CPU-{LARGE}-uint{bits}]",
            "at the peak, with the stack, stacks",
            most=1.3,
        )
        for bits in (8, 16)
    ),
    Bar(
        "GPU, 8 bit, beside a shader like the web application's",
        f"test_map_of_the_engine[{LARGE}]",
        f"test_map_of_the_web_application[{LARGE}]",
        0.4,
    ),
    *(
        Figure(
            f"hover until painted, {window}, ms more than {than}",
            f"test_hover_painted[{window}]",
            f"more than {than}, ms",
            most=most,
        )
        for window, most in (
            ("conv2_x of COCO", 4.0),
            (LARGE, 8.0),
            ("(1024, 1024, 1024)", 16.7),
        )
        for than in ("napari's own mouse move and repaint", "a plain repaint")
    ),
    Bar(
        "1 GB, until the exact map is written",
        "test_exact_map[(1024, 1024, 1024)]",
        "",
        200.0,
        is_difference=True,
    ),
    Bar(
        "1 GB, from the end of a sweep to its map",
        "test_after_a_sweep[(1024, 1024, 1024)]",
        "",
        50.0,
        is_difference=True,
    ),
    *(
        Figure(
            f"preview, {layer} of COCO, rank correlation with exact maps, {which}",
            f"test_preview_of_a_real_stack[{layer}]",
            f"rank correlation, {which}",
            least=least,
        )
        for layer in ("conv2_x", "conv4_x")
        for which, least in (("median", 0.98), ("least", 0.95))
    ),
]


def main(*results: Path) -> None:
    """Write the document.

    Parameters
    ----------
    *results : path
        What `pytest --benchmark-json` has written, of all benchmarks, and of those run again.
    """
    runs = [json.loads(path.read_text("utf-8")) for path in results]
    told = runs[0]
    newest = {entry["fullname"]: entry for run in runs for entry in run["benchmarks"]}
    benchmarks = list(newest.values())
    entries = {entry["name"]: entry for entry in benchmarks}
    lines = [
        "# Performance",
        "",
        "This page is written by `make bench`. Times are medians; both sides of a ratio are from "
        "one run.",
        "",
        "A hover is measured from the mouse event to the frame on the screen, in turn with what "
        "napari takes by itself in the same window: a plain repaint of the layer, and a mouse move "
        "and a repaint while the plugin does not follow. The latter has napari's own work for a "
        "mouse move, such as its status bar. Told are the medians of the differences.",
        "",
        *_machine(told["machine_info"]),
        "",
        "## What is to be reached",
        "",
        "| | measured | reference | | bar | reached |",
        "|---|---|---|---|---|---|",
        *(bar.row(entries) for bar in BARS if bar.measured in entries),
        "",
        "## All results",
        *_groups(benchmarks),
    ]
    DOCUMENT.write_text("\n".join(lines) + "\n", "utf-8")
    reached = lines.index("## What is to be reached")
    print("\n".join(lines[reached : reached + len(BARS) + 4]))
    print(f"\nWrote {DOCUMENT}")


def _machine(info: dict) -> Iterator[str]:
    processor = info.get("cpu", {}).get("brand_raw") or info["processor"]
    cores = info.get("cpu", {}).get("count", "?")
    python = info["python_version"]
    yield f"Machine: {processor}, {cores} cores, {platform.system()}, Python {python}."
    yield "OpenGL runs in software unless a table says otherwise."


def _groups(benchmarks: list[dict]) -> Iterator[str]:
    for name in dict.fromkeys(map(_group, benchmarks)):
        yield from ("", f"### {name}", "", "| | median | fastest | |", "|---|---|---|---|")
        for entry in benchmarks:
            if _group(entry) != name:
                continue
            stats, extra = entry["stats"], entry["extra_info"]
            more = ", ".join(f"{what} {value:.4g}" for what, value in extra.items())
            yield (
                f"| {entry['name'].replace('|', '/')} | {_median(entry):.3f} ms | "
                f"{1000 * stats['min']:.3f} ms | {more} |"
            )


def _group(entry: dict) -> str:
    return entry["group"] or entry["fullname"].split("::")[0]


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
