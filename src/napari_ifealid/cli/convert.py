"""`napari-ifealid convert`: a dataset as a plain array."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from napari_ifealid.cli.input_stack import add_input, read_input
from napari_ifealid.cli.output_file import add_force, check_place, tell_written
from napari_ifealid.cli.progress import terminal_progress
from napari_ifealid.formats import check_array_suffix, write_array

SUMMARY = "write a dataset as an array: .npy, .npz or .zarr"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    add_input(parser)
    parser.add_argument(
        "output",
        metavar="OUTPUT",
        type=Path,
        help="array to write: .npy, .npz (its array is called features) or .zarr",
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
    tell_written(options.output, f"an array of shape {stack.values.shape}")
