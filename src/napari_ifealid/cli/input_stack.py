"""The input of a subcommand: which file, and which array of it."""

from __future__ import annotations

import argparse

from napari_ifealid.cli.progress import terminal_progress
from napari_ifealid.formats import read_stack, suffixes_in_words
from napari_ifealid.stack import FeatureStack


def add_input(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name the input."""
    parser.add_argument(
        "input",
        metavar="INPUT",
        help=f"feature stack: {suffixes_in_words()}, or its URL",
    )
    parser.add_argument(
        "--array",
        metavar="KEY",
        help="name of the array to take from a file or a Zarr group that holds several",
    )
    parser.add_argument(
        "--axis",
        metavar="AXIS",
        type=int,
        help="axis along which the features lie, counted from 0; unless given, the one that the "
        "file tells, else a guess, which is the last one in most formats",
    )


def read_input(options: argparse.Namespace) -> FeatureStack:
    """Return the feature stack that the arguments name."""
    return read_stack(
        options.input,
        array=options.array,
        feature_axis=options.axis,
        track=terminal_progress,
    )
