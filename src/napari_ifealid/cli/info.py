"""`napari-ifealid info`: a summary of a dataset, an array or a library."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from napari_ifealid.cli.library_summary import library_lines, summarise_library
from napari_ifealid.cli.messages import print_result
from napari_ifealid.cli.output_file import size_on_disk
from napari_ifealid.cli.progress import terminal_progress
from napari_ifealid.cli.summary_lines import stack_lines
from napari_ifealid.formats import Location, array_names, on_disk, read_stack, suffixes_in_words
from napari_ifealid.formats.ifealid_metadata import METADATA, parse_metadata
from napari_ifealid.formats.ifealid_zip import LARGEST_METADATA
from napari_ifealid.formats.zip_archive import opened_zip, read_member
from napari_ifealid.libraries import LIBRARY_SUFFIXES, is_library_file
from napari_ifealid.plain_text import LONGEST_PATH, one_line
from napari_ifealid.sizes import size_text

if TYPE_CHECKING:
    from napari_ifealid.cli.stack_summary import StackSummary

_INDENT = 20  # columns for what is told
_WIDTH = 100
_MOST_LISTED = 20  # names of arrays
_MOST_TOLD = 4096  # characters of a line, before it is wrapped

SUMMARY = "describe a dataset, an array or a library"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.add_argument(
        "file",
        metavar="FILE",
        help=f"{suffixes_in_words()}, or its URL; of one with several arrays, each is described. "
        f"Or a library: {', '.join(LIBRARY_SUFFIXES)}",
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
    print_result((_json if options.json else _text)(path, summaries, skipped))


def _print_library(path: Path, *, as_json: bool) -> None:
    summary = summarise_library(path)
    if as_json:
        size = {"file": str(path), "file_size_bytes": size_on_disk(path)}
        print_result(json.dumps({**size, "library": asdict(summary)}, indent=2, allow_nan=False))
    else:
        lines = (_line(what, told) for what, told in library_lines(summary))
        print_result("\n".join([_heading(path), "", *lines]))


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
        lines += ["", *(_line(what, told) for what, told in stack_lines(summary))]
    if skipped:
        listed = ", ".join(map(one_line, skipped[:_MOST_LISTED]))
        more = f" and {len(skipped) - _MOST_LISTED} more" if len(skipped) > _MOST_LISTED else ""
        lines += ["", _wrapped(f"No feature stacks, skipped: {listed}{more}")]
    return "\n".join(lines)


def _line(what: str, told: str) -> str:
    return _wrapped(f"{what:<{_INDENT}}{one_line(told, _MOST_TOLD)}")


def _wrapped(text: str) -> str:
    """Return a text in lines of no more columns than a terminal has, but for long names."""
    return fill(
        text,
        _WIDTH,
        subsequent_indent=" " * _INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _heading(path: Location) -> str:
    size = size_on_disk(path)
    name = one_line(str(path), LONGEST_PATH)
    return name if size is None else f"{name}: {size_text(size)}"
