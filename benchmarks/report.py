"""Write docs/performance.md from the results of the benchmarks: make bench.

Exits with an error where a bar is missed or has no benchmark. What other machines have measured is
in benchmarks/elsewhere, see `trimmed`.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any, Protocol

HERE = Path(__file__).resolve().parent
DOCUMENT = HERE.parent / "docs/performance.md"
ELSEWHERE = HERE / "elsewhere"
LARGE = "(256, 512, 256)"

Entries = Mapping[str, dict[str, Any]]
"""What was measured, by the name of the benchmark."""


@dataclass(frozen=True)
class Result:
    """A row of the table of bars.

    Parameters
    ----------
    cells : tuple of str
        What was measured, beside what, and the bar.
    is_reached : bool
    """

    cells: tuple[str, str, str, str, str]
    is_reached: bool

    @property
    def row(self) -> str:
        """The row, with a mark where the bar is missed."""
        return f"| {' | '.join(self.cells)} | {'yes' if self.is_reached else '**no**'} |"


class Bar(Protocol):
    """What is to be reached."""

    what: str

    def result(self, entries: Entries) -> Result:
        """Return whether it is, or raise a KeyError if that was not measured."""


@dataclass(frozen=True)
class Ratio:
    """What the times of two benchmarks of one run are to reach.

    Parameters
    ----------
    what : str
    measured : str
        Name of a benchmark.
    references : tuple of str
        Names of benchmarks, of which the fastest counts.
    most : float
    """

    what: str
    measured: str
    references: tuple[str, ...]
    most: float

    def result(self, entries: Entries) -> Result:
        """Return whether the ratio is small enough."""
        measured = _median(entries[self.measured])
        reference = min(_median(entries[name]) for name in self.references)
        ratio = measured / reference
        beside = f"{reference:.2f} ms"
        cells = (self.what, f"{measured:.2f} ms", beside, f"{ratio:.2f} times")
        return Result((*cells, f"at most {self.most:g} times"), ratio <= self.most)


@dataclass(frozen=True)
class Time:
    """What the time of a benchmark is to reach.

    Parameters
    ----------
    what : str
    measured : str
        Name of the benchmark.
    most : float
        Milliseconds.
    """

    what: str
    measured: str
    most: float

    def result(self, entries: Entries) -> Result:
        """Return whether it is short enough."""
        measured = _median(entries[self.measured])
        cells = (self.what, f"{measured:.2f} ms", "", "", f"at most {self.most:g} ms")
        return Result(cells, measured <= self.most)


@dataclass(frozen=True)
class Figure:
    """What another figure of a benchmark's is to reach.

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

    def result(self, entries: Entries) -> Result:
        """Return whether it is between the two."""
        value = entries[self.measured]["extra_info"][self.figure]
        bar = f"at most {self.most:g}" if self.most < inf else f"at least {self.least:g}"
        cells = (self.what, f"{value:.3f}", "", "", bar)
        return Result(cells, self.least <= value <= self.most)


def _median(entry: dict[str, Any]) -> float:
    return 1000.0 * float(entry["stats"]["median"])


def _reading(dtype: str) -> tuple[str, ...]:
    """Return the benchmarks of reading the large stack once."""
    ways = ("sum", "largest", "product")
    return tuple(f"test_reading_once[{LARGE}-{dtype}-{way}]" for way in ways)


BARS: list[Bar] = [
    Ratio(
        "CPU, float32, beside reading the stack once in the fastest way",
        f"test_map[CPU-{LARGE}-float32]",
        _reading("float32"),
        1.5,
    ),
    Figure(
        "CPU, float32, in turn with NumPy's product and arc cosine, times as long",
        "test_map_in_turn_with_numpy",
        "times NumPy's product and arc cosine",
        most=1.25,
    ),
    Ratio(
        "CPU, 8 bit, beside NumPy's product in float32",
        f"test_map[CPU-{LARGE}-uint8]",
        (f"test_product_by_numpy[{LARGE}]",),
        1.0,
    ),
    Ratio(
        "CPU, 16 bit, beside NumPy's product in float32",
        f"test_map[CPU-{LARGE}-uint16]",
        (f"test_product_by_numpy[{LARGE}]",),
        1.0,
    ),
    Figure(
        "CPU, 8 bit, best of eight references in turn with one, times as long",
        "test_eight_references_in_turn_with_one",
        "times one reference",
        most=1.5,
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
    Ratio(
        "GPU, 8 bit, beside a shader like the web application's",
        f"test_map_of_the_engine[{LARGE}]",
        (f"test_map_of_the_web_application[{LARGE}]",),
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
    Figure(
        "a session applied to 200 ZIPs on two workers, times half of the reading and the maps",
        "test_apply_on_two_workers",
        "times half of the reading and the maps",
        most=1.2,
    ),
    Time(
        "Three linked stacks of COCO's size, from a mouse move to all three written layers",
        "test_mouse_move_to_three_written_layers",
        8.0,
    ),
    Figure(
        "Three linked stacks, times their maps beyond what napari takes for three layers",
        "test_hover_in_turn_with_the_maps_and_with_napari",
        "times the maps, beyond napari's own",
        most=1.3,
    ),
    *(
        Time(
            f"classes of eight references by the {measure}, {dtype}",
            f"test_classes_of_eight_references[{measure}-{dtype}]",
            25.0,
        )
        for measure in ("spectral angle", "Pearson correlation")
        for dtype in ("uint8", "float32")
    ),
    *(
        Figure(
            f"some features left out, {dtype}, times the map of all",
            f"test_map_without_some_features_in_turn_with_all[{dtype}]",
            "times all features",
            most=1.05,
        )
        for dtype in ("uint8", "uint16", "float32")
    ),
    Figure(
        "some features left out, GPU, times the map of all",
        "test_map_on_the_gpu_without_some_features_in_turn_with_all",
        "times all features",
        most=1.05,
    ),
    *(
        bar
        for shape in ("(160, 106, 256)", "(40, 26, 1024)")
        for bar in (
            Figure(
                f"sharp map of 640 × 427 pixels, {shape}, ms more than the plain map",
                f"test_sharp_map_in_turn_with_the_plain_one[{shape}]",
                "more than the plain map, ms",
                most=5.0,
            ),
            *(
                made
                for what, measured in (
                    ("weights", f"test_weights_of_an_image[{shape}]"),
                    ("lengths", f"test_lengths_of_upsampled_vectors[{shape}]"),
                )
                for made in (
                    Time(f"sharp maps of 640 × 427 pixels, {shape}, {what}", measured, 1000.0),
                    Figure(
                        f"sharp maps of 640 × 427 pixels, {shape}, {what}, memory at the peak in "
                        "sizes of the weights",
                        measured,
                        "at the peak, times the weights",
                        most=1.5,
                    ),
                )
            ),
        )
    ),
    Time(
        "sharp map of 2048 × 1024 pixels, (512, 256, 256), every other pixel along both axes",
        "test_sharp_map_of_a_large_image[2]",
        16.7,
    ),
    *(
        Figure(f"{kind} of 2 GB, {what}", f"test_large_cube[{kind}]", figure, most=most)
        for kind in ("ENVI, BIL", "tiled GeoTIFF")
        for what, figure, most in (
            ("seconds until it is opened", "to layers", 2.0),
            ("MB at the peak, with 2 GB of free memory", "memory at the peak, MB", 1000.0),
        )
    ),
    Time("1 GB, until the exact map is written", "test_exact_map[(1024, 1024, 1024)]", 200.0),
    Time(
        "1 GB, from the end of a sweep to its map", "test_after_a_sweep[(1024, 1024, 1024)]", 50.0
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


def main(arguments: list[str]) -> int:
    """Write the document.

    Returns
    -------
    int
        Exit status: 0 if all bars are reached, else 1.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "results",
        nargs="+",
        type=Path,
        help="what pytest --benchmark-json has written, of all benchmarks, and of those run again",
    )
    parser.add_argument("--document", type=Path, default=DOCUMENT, help="what is written")
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="FILE",
        help=f"write no document, but what is needed of the results to a file in {ELSEWHERE.name}",
    )
    options = parser.parse_args(arguments)
    runs = [json.loads(path.read_text("utf-8")) for path in options.results]
    if options.keep:
        options.keep.write_text(json.dumps(trimmed(runs), indent=1) + "\n", "utf-8")
        return 0
    newest = {entry["fullname"]: entry for run in runs for entry in run["benchmarks"]}
    benchmarks = list(newest.values())
    results = _results({entry["name"]: entry for entry in benchmarks})
    table = ["| | measured | reference | | bar | reached |", "|---|---|---|---|---|---|"]
    table += [result.row for result in results]
    lines = [
        "# Performance",
        "",
        "This page is written by `make bench`. Times are medians; both sides of a ratio are from "
        "one run.",
        "",
        "A hover is measured from the mouse event to the frame on the screen, in turn with what "
        "napari takes by itself in the same window: a plain repaint of the layer, and a mouse move "
        "and a repaint while the plugin does not follow. The latter has napari's own work for a "
        "mouse move, such as its status bar. The figures are medians of the differences.",
        "",
        *_machine(runs[0]["machine_info"]),
        "",
        "## What is to be reached",
        "",
        *table,
        "",
        "## All results",
        *_groups(benchmarks),
        *_elsewhere(),
    ]
    options.document.write_text("\n".join(lines) + "\n", "utf-8")
    print("\n".join(table))
    print(f"\nWrote {options.document}")
    missed = [result.cells[0] for result in results if not result.is_reached]
    if missed:
        print(f"Not reached: {'; '.join(missed)}", file=sys.stderr)
    return int(bool(missed))


def _results(entries: Entries) -> list[Result]:
    results = []
    for bar in BARS:
        try:
            results.append(bar.result(entries))
        except KeyError:
            results.append(Result((bar.what, "not measured", "", "", ""), is_reached=False))
    return results


def _machine(info: dict[str, Any]) -> Iterator[str]:
    processor = info.get("cpu", {}).get("brand_raw") or info["processor"]
    cores = info.get("cpu", {}).get("count", "?")
    system = info.get("system", platform.system())
    python = info["python_version"]
    settings = info.get("settings", {})
    named = ", ".join(f"`{name}={value}`" for name, value in settings.items()) or "none"
    yield f"Machine: {processor}, {cores} cores, {system}, Python {python}."
    yield f"Variables that change how quick libraries are: {named}."
    yield f"OpenGL is drawn by: {info.get('renderer', 'unknown')}."


def trimmed(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what this page needs of the results of another machine."""
    info = runs[0]["machine_info"]
    return {
        "commit": runs[0].get("commit_info", {}).get("id", "unknown")[:7],
        "machine_info": {
            "processor": info.get("cpu", {}).get("brand_raw") or info["processor"],
            "cpu": {"count": info.get("cpu", {}).get("count", "?")},
            **{name: info[name] for name in ("python_version", "system", "settings", "renderer")},
        },
        "benchmarks": [
            {
                **{name: entry[name] for name in ("name", "fullname", "group", "extra_info")},
                "stats": {name: entry["stats"][name] for name in ("median", "min")},
            }
            for run in runs
            for entry in run["benchmarks"]
        ],
    }


def _elsewhere() -> Iterator[str]:
    for path in sorted(ELSEWHERE.glob("*.json")):
        run = json.loads(path.read_text("utf-8"))
        yield from ("", f"## On another machine: {run['machine_info']['renderer']}", "")
        yield f"Measured at commit {run['commit']}; what has changed since was not measured there."
        yield from _machine(run["machine_info"])
        yield from _groups(run["benchmarks"])


def _groups(benchmarks: list[dict[str, Any]]) -> Iterator[str]:
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


def _group(entry: dict[str, Any]) -> str:
    return str(entry["group"] or entry["fullname"].split("::")[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
