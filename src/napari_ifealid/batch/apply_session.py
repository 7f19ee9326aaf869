"""One session applied to many files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import pandas as pd

from napari_ifealid.batch.compare_file import Job, Outcome, failed, record_key
from napari_ifealid.batch.output_folder import OutputFolder
from napari_ifealid.batch.question import Question, question_of
from napari_ifealid.batch.records import MAP_SUFFIXES, Records, source_state
from napari_ifealid.batch.runners import InTurn, Processes, Runner
from napari_ifealid.engines.cores import core_count
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.location import Location, absolute
from napari_ifealid.session_files import read_session_file
from napari_ifealid.tracking import Track, every_item, untracked

_COLUMNS = (
    "file",
    "stack",
    "compared_with",
    "measure",
    "preprocessing",
    "features",
    "rule",
    "references",
    "threshold",
    "pixels",
    "finite_pixels",
    "minimum",
    "mean",
    "maximum",
    "pixels_above",
    "share_above",
    "regions",
    "largest_region_pixels",
    "map",
    "mask",
    "table",
    "problem",
)


@dataclass(frozen=True)
class Report:
    """What came of a batch.

    Parameters
    ----------
    outcomes : tuple of Outcome
        One for each file, in their order.
    summary : path
        The table over all.
    """

    outcomes: tuple[Outcome, ...]
    summary: Path

    @property
    def problems(self) -> list[DatasetError]:
        """What was wrong with files that were not compared, or not all of them."""
        return [one.problem for one in self.outcomes if one.problem is not None]

    @property
    def done_before(self) -> int:
        """How many files had been done before."""
        return sum(one.was_done for one in self.outcomes)


def apply_session(
    session: str | PathLike[str],
    files: Sequence[Location],
    folder: str | PathLike[str],
    *,
    jobs: int | None = None,
    track: Track = untracked,
) -> Report:
    """Compare files with the references of a session, and write what comes of it.

    See `apply_question`.

    Parameters
    ----------
    session : path
        What *Save session…* has written.
    files : sequence of path
        Feature stacks, of the same features as the session's.
    folder : path
        For the maps, masks and tables, and for summary.csv.
    jobs : int, optional
        Processes to share the work among; one for each core unless given. The calling script is
        imported by each of them, so it must do its work under ``if __name__ == "__main__"``.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Returns
    -------
    Report

    Raises
    ------
    DatasetError
        If the session is no good, or the folder can't be written to. What is wrong with single
        files is in the report.
    """
    question = question_of(read_session_file(session), Path(session))
    return apply_question(question, files, folder, runner=runner_of(jobs), track=track)


def runner_of(jobs: int | None) -> Runner:
    """Return who does the work on this computer.

    Parameters
    ----------
    jobs : int, optional
        Processes; one for each core unless given.
    """
    count = core_count() if jobs is None else jobs
    return InTurn() if count == 1 else Processes(count)


def apply_question(
    question: Question,
    files: Sequence[Location],
    folder: str | PathLike[str],
    *,
    runner: Runner,
    map_suffix: str = MAP_SUFFIXES[0],
    again: bool = False,
    track: Track = untracked,
) -> Report:
    """Compare files, and write a map of each, and with a threshold a mask and a table of regions.

    What was completed before, of the same files by the same question, is not done again. Each file
    appears only once it is complete; none is written over that was not written by this function.

    Parameters
    ----------
    question : Question
    files : sequence of path
    folder : path
    runner : Runner
    map_suffix : {".npy", ".tif"}, optional
    again : bool, optional
        Whether what was completed before is done again.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Raises
    ------
    DatasetError
        If the folder can't be written to, or has a summary that is not ours.
    concurrent.futures.CancelledError
        If `track` ended the iteration early.
    """
    output = OutputFolder(Path(folder).absolute())
    output.check_summary()
    locations = list(dict.fromkeys(map(absolute, files)))
    outcomes: dict[str, Outcome] = {}
    todo: list[Job] = []
    for location, stem in output.claim(locations).items():
        if isinstance(stem, DatasetError):
            outcomes[location] = failed(location, stem)
            continue
        job = Job(location, str(output.folder), stem, map_suffix)
        before = _done_before(job, record_key(question, map_suffix))
        if before is None or (again and before.problem is None):
            todo.append(job)
        else:
            outcomes[location] = before
    if todo:
        running = runner.run(todo, question)
        for outcome in every_item(track, running, total=len(todo), desc="Comparing"):
            outcomes[outcome.location] = outcome
    in_order = tuple(outcomes[location] for location in locations)
    return Report(in_order, output.write_summary(_summary(in_order)))


def _done_before(job: Job, key: str) -> Outcome | None:
    """Return what came of a file before; None if it is to be compared now."""
    try:
        record = Records(Path(job.folder)).complete(job.stem)
    except DatasetError as error:
        return failed(job.location, error)
    if record is None or record.key != key:
        return None
    try:
        is_same = record.source == source_state(job.location)
    except OSError:  # reading it tells what is wrong
        return None
    return Outcome(job.location, tuple(record.rows), was_done=True) if is_same else None


def _summary(outcomes: Sequence[Outcome]) -> bytes:
    table = pd.DataFrame(_rows(outcomes), columns=list(_COLUMNS))
    counts = ["features", "references", "pixels", "finite_pixels", "pixels_above", "regions"]
    for name in (*counts, "largest_region_pixels"):
        table[name] = table[name].astype("Int64")  # whole numbers where some are missing
    text: str = table.to_csv(index=False, lineterminator="\n")
    return text.encode(errors="surrogateescape")


def _rows(outcomes: Sequence[Outcome]) -> Iterator[dict[str, object]]:
    for outcome in outcomes:
        yield from outcome.rows
        if outcome.problem is not None:
            yield {"file": outcome.location, "problem": str(outcome.problem)}
