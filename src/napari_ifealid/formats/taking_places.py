"""How complete files and folders take their places, and what is left of those that were killed.

A single file takes its place in one step. No system exchanges folders or several files in one:
between the steps, what is complete and what it replaces lie beside the place, under names that
say so.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

_LONGEST_NAME = 240  # in bytes: a name may have 255, and the token and the ending take some
_KEPT_OF_LONG = 50  # characters, of up to four bytes
_TOKEN_BYTES = 4


class Ending(StrEnum):
    """What a name beside a place ends in."""

    UNFINISHED = "part"
    COMPLETE = "new"
    REPLACED = "old"


def new_token() -> str:
    """Return what tells the names of one write from those of another."""
    return token_hex(_TOKEN_BYTES)


def beside(path: Path, token: str, ending: Ending) -> Path:
    """Return the name that a file or folder has beside its place, hidden."""
    return path.with_name(f"{_start(path)}{token}.{ending}")


def take_places(complete: Mapping[Path, Path], token: str) -> None:
    """Move files or folders to their places, in their order; what is there is replaced.

    All that is replaced is set aside first, the last one before the others. So the last should be
    what the others are read by: while they are moved, nothing can be read, and nothing wrong.

    Parameters
    ----------
    complete : mapping of path to path
        For each place, where what belongs there lies now.
    token : str
        Of their names beside these places.

    Raises
    ------
    OSError
        If one can't be moved. What was there before is there again.
    """
    aside = {path: beside(path, token, Ending.REPLACED) for path in reversed([*complete])}
    try:
        for path, old in aside.items():
            if os.path.lexists(path):
                path.rename(old)
        for path, new in complete.items():
            new.rename(path)
    except BaseException:
        for path, new in complete.items():
            if not os.path.lexists(new):
                remove(path)
        for path, old in reversed([*aside.items()]):
            if os.path.lexists(old):
                old.rename(path)
        raise
    for old in aside.values():
        remove(old)


def remove(path: Path) -> None:
    """Remove a file, a folder with all that it holds or a link, as far as possible."""
    with suppress(OSError):  # a folder without permission
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def leftovers(path: Path) -> list[Path]:
    """Return what interrupted writes left beside a place: complete ones, and replaced ones."""
    return [found for found in _hidden(path) if found.name.startswith(_start(path))]


def how_to_complete(path: Path) -> str:
    """Return a sentence that says which names to change, "" if nothing complete lies beside."""
    found = leftovers(path)
    tokens = {file.name.split(".")[-2] for file in found if file.suffix == f".{Ending.COMPLETE}"}
    if not tokens:
        return ""
    token = max(tokens)
    names = [repr(file.name) for file in _hidden(path) if file.name.split(".")[-2] == token]
    new = [name for name in names if name.endswith(f".{Ending.COMPLETE}'")]
    old = [name for name in names if name not in new]
    before = f" What was there before is now {' and '.join(old)}." if old else ""
    return (
        f"It was written, but the program ended before it was in its place: rename "
        f"{' and '.join(new)} to what stands between the first dot and '.{token}'.{before}"
    )


def _hidden(path: Path) -> list[Path]:
    """Return everything in the folder of a place that has a name as `beside` gives them."""
    endings = tuple(f".{ending}" for ending in (Ending.COMPLETE, Ending.REPLACED))
    try:
        found = [entry for entry in path.parent.iterdir() if entry.name.endswith(endings)]
    except OSError:
        return []
    return sorted(entry for entry in found if _has_token(entry.name))


def _has_token(name: str) -> bool:
    token = name.split(".")[-2]
    return len(token) == 2 * _TOKEN_BYTES and not set(token) - set("0123456789abcdef")


def _start(path: Path) -> str:
    name = os.fsencode(path.name)
    if len(name) <= _LONGEST_NAME:
        return f".{path.name}."
    return f".{path.name[:_KEPT_OF_LONG]}.{sha256(name).hexdigest()[:8]}."
