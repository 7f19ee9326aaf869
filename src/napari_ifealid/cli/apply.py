"""`napari-ifealid apply`: one session applied to many files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from napari_ifealid.cli.exit_status import IncompleteError
from napari_ifealid.cli.messages import print_result, tell
from napari_ifealid.cli.option_values import finite_number, whole_number
from napari_ifealid.cli.progress import terminal_progress
from napari_ifealid.cli.swapped_options import check_output_folder
from napari_ifealid.formats import suffixes_in_words
from napari_ifealid.measures import MEASURES
from napari_ifealid.plain_text import LONGEST_PATH, one_line
from napari_ifealid.query import Rule
from napari_ifealid.session_files import read_session_file

if TYPE_CHECKING:
    from napari_ifealid.batch import Report, Runner

SUMMARY = "compare many files with the references of a session"

_EXAMPLE = """example:
  napari-ifealid apply grain.ifealid.json scans/*.zip -o results

writes for each file its map, and with a threshold the mask and a table of its regions; and
results/summary.csv over all. The same command again goes on where it stopped."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EXAMPLE
    parser.add_argument(
        "session",
        metavar="SESSION",
        type=Path,
        help="what the button Save session… has written",
    )
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help=f"feature stack to compare: {suffixes_in_words()}, or its URL",
    )
    parser.add_argument(
        "-o",
        "--output",
        "--output-folder",
        dest="output_folder",
        metavar="DIR",
        type=Path,
        required=True,
        help="where the outputs go, made if missing; what is there already is not replaced, but "
        "for what apply has written",
    )
    parser.add_argument(
        "--format",
        choices=("npy", "tif"),
        default="npy",
        help="kind of the maps; npy unless given",
    )
    parser.add_argument(
        "--measure",
        choices=[measure.name for measure in MEASURES],
        help="instead of the session's",
    )
    parser.add_argument(
        "--rule",
        choices=[rule.value for rule in Rule],
        help="how the references are joined, instead of as in the session",
    )
    parser.add_argument(
        "--threshold",
        metavar="VALUE",
        type=finite_number,
        help="smallest value that belongs to a region, instead of the session's",
    )
    workers = parser.add_mutually_exclusive_group()
    workers.add_argument(
        "--jobs",
        metavar="N",
        type=whole_number,
        help="processes, each on one core; as many as there are cores unless given",
    )
    workers.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="a dask scheduler that does the work, such as tcp://10.0.0.1:8786; its workers must "
        "see the same folders",
    )
    parser.add_argument(
        "--again", action="store_true", help="do again what was completed before, too"
    )


def run(options: argparse.Namespace) -> None:
    """Compare all files."""
    check_output_folder(options.output_folder)
    session = read_session_file(options.session)
    from napari_ifealid.batch import apply_question, question_of  # pandas takes its time

    runner = _runner(options)
    question = question_of(
        session,
        options.session,
        measure=next((one for one in MEASURES if one.name == options.measure), None),
        rule=None if options.rule is None else Rule(options.rule),
        threshold=options.threshold,
        track=terminal_progress,
    )
    if session.sharpness is not None:
        tell("the session's maps are sharp; those that are written are exact blocks")
    if question.threshold is None:
        tell("no threshold: maps are written, but no masks and no tables (--threshold VALUE)")
    try:
        report = apply_question(
            question,
            options.files,
            options.output_folder,
            runner=runner,
            map_suffix=f".{options.format}",
            again=options.again,
            track=terminal_progress,
        )
    except KeyboardInterrupt:
        tell("the same command goes on where it stopped: what is complete is not done again")
        raise
    _print(report)
    if report.problems:
        raise IncompleteError


def _runner(options: argparse.Namespace) -> Runner:
    from napari_ifealid.batch import Cluster, runner_of

    return Cluster(options.scheduler) if options.scheduler else runner_of(options.jobs)


def _print(report: Report) -> None:
    for outcome in report.outcomes:
        for warning in outcome.warnings:
            tell(f"warning: {warning}")
    for problem in report.problems:
        tell(str(problem))
    files, failed = len(report.outcomes), len(report.problems)
    before = f", {report.done_before} of them before" if report.done_before else ""
    bad = f"; {failed} could not be compared, see above" if failed else ""
    name = one_line(str(report.summary), LONGEST_PATH)
    print_result(f"Wrote {name}: {files - failed} of {files} files{before}{bad}")
