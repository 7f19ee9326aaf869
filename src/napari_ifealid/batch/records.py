"""What a batch has done of each input: written last, so that a record means that all is there."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.atomic_write import written_file
from napari_ifealid.formats.file_state import file_state
from napari_ifealid.formats.location import is_url

MAP_SUFFIXES = (".npy", ".tif")

ENDINGS = (*(f".map{suffix}" for suffix in MAP_SUFFIXES), ".mask.tif", ".regions.csv")
"""Of the names of all outputs."""

NOTES = ".napari-ifealid"
"""The folder within the output folder that holds what a batch notes."""

State = tuple[int, int]
"""Size in bytes, and time of the last change in nanoseconds."""

Row = dict[str, Any]
"""A line of the summary."""


@dataclass(frozen=True)
class Record:
    """What was done of an input.

    Parameters
    ----------
    key : str
        Of the question that was asked, and how it was written.
    source : str
        State of the input.
    files : dict of str to (int, int)
        Name and state of each output.
    rows : list of dict
        Lines of the summary.
    """

    key: str
    source: str
    files: Mapping[str, State] = field(default_factory=dict)
    rows: Sequence[Row] = ()


class Records:
    """The records of an output folder.

    Parameters
    ----------
    folder : path
        Of the outputs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def complete(self, stem: str) -> Record | None:
        """Return what was done of an input, None unless it was completed and is still there.

        Parameters
        ----------
        stem : str
            What its outputs are called.

        Raises
        ------
        DatasetError
            If an output was changed since.
        """
        record = self._read(stem)
        if record is None:
            return None
        there = [name for name in record.files if (self.folder / name).exists()]
        for name in there:
            if not self._is_unchanged(name, record):
                raise DatasetError(
                    "an output that was changed since it was written",
                    expected="it as it was, so that nothing of yours is lost",
                    remedy="Move it away, or choose another output folder.",
                    file=self.folder / name,
                )
        return record if len(there) == len(record.files) else None

    def begin(self, stem: str) -> None:
        """Remove what was done of an input before, also by a batch that was killed.

        Parameters
        ----------
        stem : str
            Claimed by the batch, so that outputs without a record are its own.
        """
        record = self._read(stem)
        names = [f"{stem}{ending}" for ending in ENDINGS]
        if record is not None:
            names = [name for name in record.files if self._is_unchanged(name, record)]
        self._path(stem).unlink(missing_ok=True)  # first: without it the others are unfinished
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    def finish(self, stem: str, record: Record) -> None:
        """Note that all outputs of an input are there."""
        with written_file(self._path(stem), force=True) as stream:
            stream.write(json.dumps(asdict(record)).encode())

    def _read(self, stem: str) -> Record | None:
        try:
            fields = json.loads(self._path(stem).read_text("utf-8"))
            files = {str(name): (int(a), int(b)) for name, (a, b) in fields["files"].items()}
            return Record(**{**fields, "files": files})
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def _is_unchanged(self, name: str, record: Record) -> bool:
        path = self.folder / name
        return path.exists() and output_state(path) == record.files[name]

    def _path(self, stem: str) -> Path:
        return self.folder / NOTES / f"{stem}.done.json"


def output_names(stem: str, array: str | None, map_suffix: str) -> tuple[str, str, str]:
    """Return the names of map, mask and table.

    Parameters
    ----------
    stem : str
        What the outputs of the file are called.
    array : str, optional
        Of a file with several stacks.
    map_suffix : str
    """
    whole = stem if array is None else f"{stem}.{safe_name(array)}"
    return f"{whole}.map{map_suffix}", f"{whole}.mask.tif", f"{whole}.regions.csv"


def output_state(path: Path) -> State:
    """Return the state of an output."""
    state = file_state(path)
    return state.size, state.changed


def source_state(location: str) -> str | None:
    """Return the state of an input: it changes with it. None for a URL, of which none is known.

    Raises
    ------
    OSError
        If there is no such file or folder.
    """
    if is_url(location):
        return None
    path = Path(location)
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    states = [(str(one), file_state(one)) for one in files if one == path or one.is_file()]
    return sha256(repr(states).encode()).hexdigest()


def safe_name(name: str) -> str:
    """Return a name without what can't be in the name of a file on some system."""
    return re.sub(r'[\\/:*?"<>|\0]+', "_", name)
