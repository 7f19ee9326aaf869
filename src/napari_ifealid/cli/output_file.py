"""The output of a subcommand: whether it can be written, and the report of it."""

from __future__ import annotations

import argparse
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from napari_ifealid.cli.messages import print_result, tell
from napari_ifealid.formats import files_of, not_kept
from napari_ifealid.formats.atomic_folder import written_folder
from napari_ifealid.formats.atomic_write import written_file
from napari_ifealid.formats.location import Location, is_url
from napari_ifealid.formats.registry import formats_named
from napari_ifealid.plain_text import LONGEST_PATH, one_line
from napari_ifealid.sizes import size_text
from napari_ifealid.stack import FeatureStack


class _OnlyTryingError(Exception):
    """Ends a try before anything is written."""


def add_force(parser: argparse.ArgumentParser) -> None:
    """Add the option to replace what is there."""
    parser.add_argument("--force", action="store_true", help="replace an existing output")


def add_pad_for_web(parser: argparse.ArgumentParser) -> None:
    """Add the option to write for a web application that loses features."""
    parser.add_argument(
        "--pad-for-web",
        action="store_true",
        help="at 16 and 32 bit, add zero features where the web application loses the last ones",
    )


def check_place(path: Path, *, force: bool) -> None:
    """Raise unless a file, or the folder of a format that is one, can be written there.

    It is a try before long work.

    Raises
    ------
    DatasetError
        If there is one already and `force` is off, or if nothing can be written there.
    """
    folders = [kind for kind in formats_named(path) if kind.is_folder]
    written: AbstractContextManager[object] = (
        written_folder(path, kind=folders[0].name, replaces=folders[0].replaces, force=force)
        if folders
        else written_file(path, force=force)
    )
    with suppress(_OnlyTryingError), written:
        raise _OnlyTryingError


def report_written(path: Path, what: str) -> None:
    """Print a line about what has been written."""
    size = size_text(size_on_disk(path) or 0)
    print_result(f"Wrote {one_line(str(path), LONGEST_PATH)}: {one_line(what)}, {size}")


def report_not_kept(path: Path, stack: FeatureStack) -> None:
    """Print a line about what the file that a stack was written to does not keep, if anything."""
    lost = not_kept(path, stack)
    if lost:
        tell(f"Not kept by {path.suffix.lower()}: {', '.join(lost)}")


def size_on_disk(location: Location) -> int | None:
    """Return the bytes of a file and those that belong to it, or of a folder; None for a URL."""
    if is_url(location):
        return None
    path = Path(location)
    files = path.rglob("*") if path.is_dir() else files_of(path)
    return sum(file.stat().st_size for file in files if file.is_file())
