"""`napari-ifealid`: feature stacks in a napari window."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from napari_ifealid.cli.exit_status import exit_status
from napari_ifealid.cli.messages import fail, plain_warnings
from napari_ifealid.cli.option_values import number
from napari_ifealid.cli.parser import CommandParser
from napari_ifealid.cli.progress import terminal_progress
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import read_stacks, suffixes_in_words
from napari_ifealid.layers import LayerData, layers_of
from napari_ifealid.measures import MEASURES, Measure, measure_named
from napari_ifealid.session_files import (
    SESSION_SUFFIX,
    SavedSession,
    looks_like_session,
    read_session_file,
    read_session_stacks,
)
from napari_ifealid.session_files.stacks import check_nothing_missing
from napari_ifealid.stack import FeatureStack


def main(arguments: Sequence[str], epilog: str) -> int:
    """Open files in napari, or draw the figure that the options name.

    Parameters
    ----------
    arguments : sequence of str
    epilog : str
        Text of the help beyond this.

    Returns
    -------
    int
        Exit status: 0, or 2 for bad input.
    """
    parser = _parser(epilog)
    options = parser.parse_args(arguments)
    if options.figure is not None:
        from napari_ifealid.cli import draw_figure  # pandas takes its time

        return exit_status(lambda: draw_figure.run(options))
    if options.threshold is not None or options.force:
        parser.error("--threshold and --force belong to --figure")
    try:
        with plain_warnings():
            session = _session(options.paths)
            layers = [] if session is not None else _read(options.paths)
    except DatasetError as error:
        return fail(str(error))
    from napari_ifealid import window  # starts Qt, which --help and bad input do not need

    try:
        window.explore(
            layers,
            options.at,
            options.screenshot,
            session=session,
            measure=options.measure,
        )
    except window.ExploreError as error:
        return fail(str(error))
    return 0


def _parser(epilog: str) -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="napari-ifealid",
        usage="%(prog)s [options] [PATH ...]\n       %(prog)s SUBCOMMAND ...",
        description="Look inside feature maps in napari: hover, and see which pixels are alike.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        help=f"feature stack to open: {suffixes_in_words()}, or its URL; or a session, "
        f"{SESSION_SUFFIX}; without any, the sample",
    )
    parser.add_argument(
        "--at",
        metavar="ROW,COLUMN",
        type=_pixel,
        help="pixel of the feature map to compare with first; the middle one unless given",
    )
    parser.add_argument(
        "--measure",
        metavar="NAME",
        type=_measure,
        help=f"how pixels are compared: {', '.join(one.name for one in MEASURES)}; the first "
        "one unless given",
    )
    pictures = parser.add_mutually_exclusive_group()
    pictures.add_argument(
        "--screenshot",
        metavar="FILE",
        type=Path,
        help="draw the window once, save its picture and exit",
    )
    pictures.add_argument(
        "--figure",
        metavar="FILE",
        type=Path,
        help="draw the map of one feature stack as a figure, .png, .svg or .pdf, without a "
        "window, and exit; needs matplotlib",
    )
    parser.add_argument(
        "--threshold",
        metavar="VALUE",
        type=number,
        help="with --figure: pixels less similar than this are transparent",
    )
    parser.add_argument(
        "--force", action="store_true", help="with --figure: replace an existing file"
    )
    parser.add_argument(
        "--version", action="version", version=f"napari-ifealid {version('napari-ifealid')}"
    )
    return parser


def _pixel(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"found {text!r}; expected two whole numbers, such as 80,53"
        ) from None


def _measure(text: str) -> Measure:
    try:
        return measure_named(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"found {error}") from None


def _session(paths: list[str]) -> tuple[SavedSession, list[FeatureStack]] | None:
    """Return the session that is to be opened and its stacks; None unless there is one."""
    sessions = [path for path in paths if looks_like_session(path)]
    if not sessions:
        return None
    if len(paths) > 1:
        raise DatasetError(
            "a session among other files",
            expected="a session alone, since it says what is compared",
            remedy="Open the other files in the window, once it is there.",
            file=sessions[0],
        )
    session = read_session_file(sessions[0])
    check_nothing_missing(session, sessions[0])
    return session, read_session_stacks(session.stacks)


def _read(paths: list[str]) -> list[LayerData]:
    if not paths:
        from napari_ifealid._sample_data import chelsea

        return chelsea()
    return layers_of(
        [stack for path in paths for stack in read_stacks(path, track=terminal_progress)]
    )
