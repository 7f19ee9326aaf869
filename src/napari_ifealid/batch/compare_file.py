"""One file compared: its map, its mask and its table, written."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import dask
import numpy as np
from numpy.typing import NDArray

from napari_ifealid.batch.question import Question, StackQuestion
from napari_ifealid.batch.records import (
    Record,
    Records,
    Row,
    output_names,
    output_state,
    source_state,
)
from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.formats import read_stacks
from napari_ifealid.formats.atomic_write import quickly_written
from napari_ifealid.formats.file_state import has_changed
from napari_ifealid.formats.location import cannot_open
from napari_ifealid.grid import whole_region
from napari_ifealid.layers import default_grid, stack_georeference
from napari_ifealid.query import Query
from napari_ifealid.results.label_files import write_labels
from napari_ifealid.results.map_files import write_map
from napari_ifealid.results.region_table import region_table, write_table
from napari_ifealid.results.regions import RegionMode, threshold_regions
from napari_ifealid.similarity import region_map
from napari_ifealid.stack import FeatureStack
from napari_ifealid.thread_warnings import warnings_told_to
from napari_ifealid.threads import limited_threads

_VERSION = 2  # of what is written: another one is written anew


@dataclass(frozen=True)
class Job:
    """A file to compare.

    Parameters
    ----------
    location : str
        Absolute path, or URL.
    folder : str
        Where the outputs go.
    stem : str
        What they are called.
    map_suffix : str
        Of the map.
    """

    location: str
    folder: str
    stem: str
    map_suffix: str


@dataclass(frozen=True)
class Outcome:
    """What came of a file.

    Parameters
    ----------
    location : str
    rows : tuple of dict
        Lines of the summary, one for each stack.
    problem : DatasetError, optional
        Why the file, or one of its stacks, was not compared.
    warnings : tuple of str
    was_done : bool
        Whether it had been done before.
    """

    location: str
    rows: tuple[Row, ...] = ()
    problem: DatasetError | None = None
    warnings: tuple[str, ...] = ()
    was_done: bool = False


def record_key(question: Question, map_suffix: str) -> str:
    """Return what a record has to have for its outputs to be those asked for."""
    return sha256(f"{_VERSION} {question.key} {map_suffix}".encode()).hexdigest()


def compare_file(job: Job, question: Question) -> Outcome:
    """Compare a file in this thread alone, and write what comes of it. Whatever is wrong is told.

    Parameters
    ----------
    job : Job
    question : Question
    """
    caught: list[Warning] = []
    with (
        warnings_told_to(caught.append),
        limited_threads(1),
        quickly_written(),
        dask.config.set(scheduler="synchronous"),
    ):
        try:
            rows, problem = _compared(job, question)
        except DatasetError as error:
            rows, problem = (), error if error.file else error.inside(job.location)
        except MemoryError:
            rows, problem = (), _too_little_memory(job.location)
        except Exception as error:  # one bad file must not stop the others
            rows, problem = (), _failed(job.location, error)
    told = tuple(str(one) for one in caught if _is_ours(type(one)))
    return Outcome(job.location, rows, problem, told)


def failed(location: str, problem: DatasetError) -> Outcome:
    """Return the outcome of a file that can't be compared."""
    return Outcome(location, (), problem)


def _compared(job: Job, question: Question) -> tuple[tuple[Row, ...], DatasetError | None]:
    try:
        state = source_state(job.location)
    except OSError as error:
        raise cannot_open(job.location, error) from error
    records = Records(Path(job.folder))
    stacks = read_stacks(job.location)
    rows: list[Row] = []
    names: list[str] = []
    problem = None
    for stack in stacks:
        try:
            asked = question.of(stack)
            query = asked.query_of(stack)
        except DatasetError as error:
            problem = error.inside(job.location, None if len(stacks) == 1 else stack.name)
            continue
        if not rows:
            records.begin(job.stem)
        row, written = _written(job, stack, asked, query, question.threshold)
        rows.append(row)
        names += written
    if not rows and problem is not None:
        raise problem
    try:
        is_same = source_state(job.location) == state
    except OSError:
        is_same = False
    if not is_same:
        raise has_changed(job.location)
    if state is not None and problem is None:
        files = {name: output_state(records.folder / name) for name in names}
        record = Record(record_key(question, job.map_suffix), state, files, rows)
        records.finish(job.stem, record)
    return tuple(rows), problem


def _written(
    job: Job, stack: FeatureStack, asked: StackQuestion, query: Query, threshold: float | None
) -> tuple[Row, list[str]]:
    """Write the outputs of a stack; return its line of the summary, and what they are called."""
    folder, array = Path(job.folder), None if stack.source is None else stack.source.array
    compared = asked.compared(stack)
    values = region_map(compared, query, whole_region(stack.spatial_shape))
    map_name, mask_name, table_name = output_names(job.stem, array, job.map_suffix)
    grid, features = default_grid(stack), query.measure.features
    place = stack_georeference(stack)
    write_map(folder / map_name, values, grid=grid, georeference=place, force=True)
    row: Row = {
        "file": job.location,
        "stack": stack.name,
        "compared_with": asked.name,
        "measure": asked.measure_name,
        "preprocessing": asked.step_name,
        "features": stack.feature_count if features is None else len(features.numbers),
        "rule": asked.rule.value,
        "references": len(asked.references),
        "threshold": threshold,
        **_statistics(values),
        "map": map_name,
    }
    if threshold is None:
        return row, [map_name]
    labels = threshold_regions(values, threshold, mode=RegionMode.CONNECTED)
    table = region_table(labels, values, grid=grid)
    write_labels(folder / mask_name, labels, georeference=place, force=True)
    write_table(folder / table_name, table, force=True)
    above = int(np.count_nonzero(labels))
    row |= {
        "pixels_above": above,
        "share_above": above / labels.size,
        "regions": len(table),
        "largest_region_pixels": int(table["area_pixels"].max()) if len(table) else 0,
        "mask": mask_name,
        "table": table_name,
    }
    return row, [map_name, mask_name, table_name]


def _statistics(values: NDArray[np.float32]) -> Row:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return {"pixels": values.size, "finite_pixels": 0}
    return {
        "pixels": values.size,
        "finite_pixels": finite.size,
        "minimum": float(finite.min()),
        "mean": float(finite.mean(dtype=np.float64)),
        "maximum": float(finite.max()),
    }


def _is_ours(category: type[Warning]) -> bool:
    return category.__module__.startswith("napari_ifealid.")


def _too_little_memory(location: str) -> DatasetError:
    return DatasetError(
        "too little memory",
        expected="room for the features and their map in each process",
        remedy="Close other programs, or share the work among fewer processes (--jobs).",
        file=location,
    )


def _failed(location: str, error: Exception) -> DatasetError:
    return DatasetError(
        f"a failure ({type(error).__name__}: {short_reason(error)})",
        expected="a feature stack that can be compared",
        remedy="Open the file in the window to see more; the others are not affected.",
        file=location,
    )
