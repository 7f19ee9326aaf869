"""`napari-ifealid convert`: a dataset as a plain array."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from napari_ifealid.cli.input_stack import add_input, read_input
from napari_ifealid.cli.output_file import add_force, check_place, report_not_kept, report_written
from napari_ifealid.cli.progress import terminal_progress
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import (
    check_array_suffix,
    suffixes_in_words,
    write_array,
    written_suffixes,
)

_WRITTEN = suffixes_in_words(written_suffixes())
SUMMARY = f"write a dataset as an array: {_WRITTEN}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    add_input(parser)
    parser.add_argument(
        "output",
        metavar="OUTPUT",
        nargs="?",
        type=Path,
        help=f"file to write: {_WRITTEN}; the array of a .npz is called features, a .zip has the "
        "fewest bits that lose nothing, and a .hdr has its values in a .img. You are told what is "
        "known of bands and places but not kept by such a file",
    )
    parser.add_argument(
        "-o",
        "--output",
        dest="named_output",
        metavar="FILE",
        type=Path,
        help="the same as OUTPUT",
    )
    add_force(parser)
    parser.add_argument(
        "--stored",
        action="store_true",
        help="write the numbers as the dataset stores them, not the real values they stand for",
    )


def run(options: argparse.Namespace) -> None:
    """Write the array."""
    output = _output(options)
    check_array_suffix(output)
    check_place(output, force=options.force)
    stack = read_input(options)
    if options.stored:
        stack = replace(stack, value_range=None, gain=1.0, nodata=None)
    write_array(output, stack, force=options.force, track=terminal_progress)
    report_written(output, f"an array of shape {stack.values.shape}")
    report_not_kept(output, stack)


def _output(options: argparse.Namespace) -> Path:
    given: list[Path] = [path for path in (options.output, options.named_output) if path]
    if len(given) != 1:
        raise DatasetError(
            f"{len(given)} outputs",
            expected="the name of one file to write, after the input or with -o",
            remedy=f"Choose a name that ends in {_WRITTEN}.",
        )
    return given[0]
