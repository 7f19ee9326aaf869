"""Write docs/performance.md from the results of the benchmarks: make bench."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[1] / "docs/performance.md"
LARGE = "(256, 512, 256)"


@dataclass(frozen=True)
class Bar:
    """What is to be reached, by two benchmarks of one run.

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

    def row(self, medians: dict[str, float]) -> str:
        """Return a row of the table, with a mark where the bar is missed."""
        measured, reference = medians[self.measured], medians.get(self.reference, 0.0)
        if self.is_difference:
            told, most = f"{measured - reference:.1f} ms more", f"{self.most:g} ms"
            is_met = measured - reference <= self.most
        else:
            told, most = f"{measured / reference:.2f} times", f"{self.most:g} times"
            is_met = measured / reference <= self.most
        return (
            f"| {self.what} | {measured:.2f} ms | {reference:.2f} ms | {told} | {most} | "
            f"{'yes' if is_met else '**no**'} |"
        )


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
    Bar(
        "GPU, 8 bit, beside a shader like the web application's",
        f"test_map_of_the_engine[{LARGE}]",
        f"test_map_of_the_web_application[{LARGE}]",
        0.4,
    ),
    Bar(
        "hover, conv2_x of COCO, beside a plain repaint",
        "test_hover_painted[conv2_x of COCO]",
        "test_plain_repaint[conv2_x of COCO]",
        4.0,
        is_difference=True,
    ),
    Bar(
        "the same, 256 × 512 × 256",
        f"test_hover_painted[{LARGE}]",
        f"test_plain_repaint[{LARGE}]",
        8.0,
        is_difference=True,
    ),
    Bar(
        "the same, 1 GB, until a map is on the screen",
        "test_hover_painted[(1024, 1024, 1024)]",
        "test_plain_repaint[(1024, 1024, 1024)]",
        16.7,
        is_difference=True,
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
]


def main(results: Path) -> None:
    """Write the document.

    Parameters
    ----------
    results : path
        What `pytest --benchmark-json` has written.
    """
    told = json.loads(results.read_text("utf-8"))
    benchmarks = told["benchmarks"]
    medians = {entry["name"]: 1000 * entry["stats"]["median"] for entry in benchmarks}
    lines = [
        "# Performance",
        "",
        "This page is written by `make bench`. Times are medians; both sides of a ratio are from "
        "one run.",
        "",
        *_machine(told["machine_info"]),
        "",
        "## What is to be reached",
        "",
        "| | measured | reference | | at most | reached |",
        "|---|---|---|---|---|---|",
        *(bar.row(medians) for bar in BARS if bar.measured in medians),
        "",
        "## All results",
        *_groups(benchmarks),
    ]
    DOCUMENT.write_text("\n".join(lines) + "\n", "utf-8")
    print("\n".join(lines[8 : 12 + len(BARS)]))
    print(f"\nWrote {DOCUMENT}")


def _machine(info: dict) -> Iterator[str]:
    processor = info.get("cpu", {}).get("brand_raw") or info["processor"]
    cores = info.get("cpu", {}).get("count", "?")
    yield f"Machine: {processor}, {cores} cores, {platform.system()}, Python "
    yield f"{info['python_version']}. OpenGL runs in software unless a table says otherwise."


def _groups(benchmarks: list[dict]) -> Iterator[str]:
    for name in dict.fromkeys(map(_group, benchmarks)):
        yield from ("", f"### {name}", "", "| | median | fastest | |", "|---|---|---|---|")
        for entry in benchmarks:
            if _group(entry) != name:
                continue
            stats, extra = entry["stats"], entry["extra_info"]
            more = ", ".join(f"{what} {value:.4g}" for what, value in extra.items())
            yield (
                f"| {entry['name'].replace('|', '/')} | {1000 * stats['median']:.3f} ms | "
                f"{1000 * stats['min']:.3f} ms | {more} |"
            )


def _group(entry: dict) -> str:
    return entry["group"] or entry["fullname"].split("::")[0]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
