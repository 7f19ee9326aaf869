"""`napari-ifealid convert`: a dataset as a plain array."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from napari_ifealid.cli.input_stack import add_input, read_input
from napari_ifealid.cli.output_file import add_force, check_place, report_written
from napari_ifealid.cli.progress import terminal_progress
from napari_ifealid.formats import check_array_suffix, suffixes_in_words, write_array

SUMMARY = f"write a dataset as an array: {suffixes_in_words()}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    add_input(parser)
    parser.add_argument(
        "output",
        metavar="OUTPUT",
        type=Path,
        help=f"file to write: {suffixes_in_words()}; the array of a .npz is called features, and a "
        ".zip has the fewest bits that lose nothing",
    )
    add_force(parser)
    parser.add_argument(
        "--stored",
        action="store_true",
        help="write the numbers as the dataset stores them, not the real values they stand for",
    )


def run(options: argparse.Namespace) -> None:
    """Write the array."""
    check_array_suffix(options.output)
    check_place(options.output, force=options.force)
    stack = read_input(options)
    if options.stored:
        stack = replace(stack, value_range=None)
    write_array(options.output, stack, force=options.force, track=terminal_progress)
    report_written(options.output, f"an array of shape {stack.values.shape}")
