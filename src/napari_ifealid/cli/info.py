"""`napari-ifealid info`: a summary of a dataset, an array or a library."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from napari_ifealid.cli.library_summary import library_lines, summarise_library
from napari_ifealid.cli.output_file import size_on_disk
from napari_ifealid.cli.progress import terminal_progress
from napari_ifealid.formats import Location, array_names, on_disk, read_stack, suffixes_in_words
from napari_ifealid.formats.ifealid_metadata import METADATA, parse_metadata
from napari_ifealid.formats.ifealid_zip import LARGEST_METADATA
from napari_ifealid.formats.zip_archive import opened_zip, read_member
from napari_ifealid.libraries import LIBRARY_SUFFIXES, is_library_file
from napari_ifealid.sizes import size_text
from napari_ifealid.stack import size_in_words

if TYPE_CHECKING:
    from napari_ifealid.cli.stack_summary import StackSummary

SUMMARY = "describe a dataset, an array or a library"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.add_argument(
        "file",
        metavar="FILE",
        help=f"{suffixes_in_words()}; of one with several arrays, each is described. Or a library: "
        f"{', '.join(LIBRARY_SUFFIXES)}",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def run(options: argparse.Namespace) -> None:
    """Print the summary of a file."""
    path: Location = options.file
    if is_library_file(path):
        _print_library(Path(path), as_json=options.json)
        return
    arrays = array_names(path, track=terminal_progress)
    if arrays is None:
        summaries, skipped = [_summary(path, None)], []
    else:
        names = [name for name, is_stack in arrays.items() if is_stack]
        summaries = [_summary(path, name) for name in names] or [_summary(path, None)]
        skipped = [name for name, is_stack in arrays.items() if not is_stack]
    print((_json if options.json else _text)(path, summaries, skipped))


def _print_library(path: Path, *, as_json: bool) -> None:
    summary = summarise_library(path)
    if as_json:
        size = {"file": str(path), "file_size_bytes": size_on_disk(path)}
        print(json.dumps({**size, "library": asdict(summary)}, indent=2, allow_nan=False))
    else:
        lines = (f"{what:<20}{told}" for what, told in library_lines(summary))
        print("\n".join([_heading(path), "", *lines]))


def _summary(path: Location, array: str | None) -> StackSummary:
    from napari_ifealid.cli.stack_summary import summarise  # brings the engines along

    stack = read_stack(path, array=array, track=terminal_progress)
    padding = _padding(path) if stack.precision else 0
    return summarise(stack, array=array, padding_features=padding, track=terminal_progress)


def _padding(location: Location) -> int:
    with on_disk(location) as path, opened_zip(path) as archive:
        content = read_member(archive, archive.getinfo(METADATA), largest=LARGEST_METADATA)
    return parse_metadata(content).padding


def _json(path: Location, summaries: list[StackSummary], skipped: list[str]) -> str:
    content = {
        "file": str(path),
        "file_size_bytes": size_on_disk(path),
        "stacks": [asdict(summary) for summary in summaries],
        "skipped_arrays": skipped,
    }
    return json.dumps(content, indent=2, allow_nan=False)


def _text(path: Location, summaries: list[StackSummary], skipped: list[str]) -> str:
    lines = [_heading(path)]
    for summary in summaries:
        lines += ["", *(f"{what:<20}{told}" for what, told in _lines(summary))]
    if skipped:
        lines += ["", f"No feature stacks, skipped: {', '.join(skipped)}"]
    return "\n".join(lines)


def _heading(path: Location) -> str:
    size = size_on_disk(path)
    return str(path) if size is None else f"{path}: {size_text(size)}"


def _lines(summary: StackSummary) -> Iterator[tuple[str, str]]:
    yield "name", summary.name
    if summary.array is not None:
        yield "array", summary.array
    yield "size", size_in_words(summary.shape)
    if summary.padding_features:
        yield "padding features", f"{summary.padding_features}, all zero and hidden"
    if summary.feature_labels is not None:
        yield "labels", f"{summary.feature_labels[0]} … {summary.feature_labels[-1]}"
    yield "overlay", _overlay(summary)
    yield from _place(summary)
    yield "stored as", _storage(summary)
    yield "values", f"{_number(summary.minimum)} to {_number(summary.maximum)}"
    share = f"{summary.share_of_all_zero_pixels:.2%}"
    yield "all-zero pixels", f"{summary.all_zero_pixels:,}, {share} of all"
    if summary.nonfinite_pixels:
        yield "not finite", f"{summary.nonfinite_pixels:,} pixels with a NaN or an infinity"
    yield "memory on the CPU", size_text(summary.cpu_memory_bytes)
    yield "memory on the GPU", _gpu_memory(summary)


def _overlay(summary: StackSummary) -> str:
    if summary.overlay_height is None or summary.overlay_width is None:
        return "none"
    return f"{summary.overlay_height} × {summary.overlay_width} pixels"


def _place(summary: StackSummary) -> Iterator[tuple[str, str]]:
    if summary.shown_stride is None or summary.shown_offset is None:
        yield "place on the image", "not known"
        return
    is_stored = summary.stride is not None
    (step_y, step_x), (first_y, first_x) = summary.shown_stride, summary.shown_offset
    last_y = first_y + (summary.height - 1) * step_y
    last_x = first_x + (summary.width - 1) * step_x
    yield (
        "place on the image",
        "stored with the features" if is_stored else "not stored; their outer edges are joined",
    )
    yield "stride", f"{step_y:g} × {step_x:g} pixels of the image (y × x) for each of the map"
    yield (
        "offset",
        f"the first pixel is centred on {first_y:g}, {first_x:g} of the image (y, x), "
        f"the last one on {last_y:g}, {last_x:g}",
    )


def _storage(summary: StackSummary) -> str:
    if summary.precision_bits is None:
        return summary.stored_dtype
    return f"{summary.precision_bits} bit, for values of type {summary.real_dtype}"


def _number(value: float | None) -> str:
    match value:
        case None:
            return "beyond the largest float"
        case int():
            return str(value)
        case _:
            return f"{value:.6g}"


def _gpu_memory(summary: StackSummary) -> str:
    if summary.gpu_memory_bytes is None:
        return "too many features for a texture"
    return size_text(summary.gpu_memory_bytes)
