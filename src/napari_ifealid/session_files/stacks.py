"""The stacks of a session, found and read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from napari_ifealid.errors import DatasetError, last_part
from napari_ifealid.formats import read_stack
from napari_ifealid.formats.location import is_there, is_url
from napari_ifealid.session_files.content import SavedSession, SavedStack
from napari_ifealid.stack import FeatureStack, size_in_words
from napari_ifealid.tracking import Track, untracked


def missing_stacks(session: SavedSession) -> list[str]:
    """Return the paths of a session's stacks where nothing is, each once. URLs are not tried."""
    locations = dict.fromkeys(stack.source.location for stack in session.stacks)
    return [one for one in locations if not is_url(one) and not is_there(one)]


def check_nothing_missing(session: SavedSession, file: str | Path) -> None:
    """Raise if a file of a session is missing.

    Parameters
    ----------
    session : SavedSession
    file : path
        The session file.

    Raises
    ------
    DatasetError
        Naming all of them.
    """
    missing = missing_stacks(session)
    if missing:
        what = "a missing file" if len(missing) == 1 else f"{len(missing)} missing files"
        raise DatasetError(
            f"{what}, {', '.join(missing)}",
            expected="the feature stacks of the session where they were, seen from the session "
            "file",
            remedy="Bring them back, open the session in a window, which asks where they are, or "
            "correct their paths in the session file.",
            file=file,
        )


def moved_stack(session: SavedSession, missing: str, found: str) -> SavedSession:
    """Return a session one of whose files lies elsewhere.

    Other missing files are taken to have moved along, where they are beside it now.

    Parameters
    ----------
    session : SavedSession
    missing, found : str
        Absolute paths.
    """
    moved = {missing: found}
    for other in missing_stacks(session):
        beside = Path(found).parent / last_part(other)
        if other != missing and Path(other).parent == Path(missing).parent and is_there(beside):
            moved[other] = str(beside)
    return _with_stacks(session, lambda stack: _moved(stack, moved))


def without_stacks(session: SavedSession, locations: Iterable[str]) -> SavedSession | None:
    """Return a session without some of its stacks; None if the explored one is among them."""
    left_out = set(locations)
    explored = session.stacks[session.explored]
    if explored.source.location in left_out:
        return None
    kept = tuple(stack for stack in session.stacks if stack.source.location not in left_out)
    return replace(session, stacks=kept, explored=kept.index(explored))


def read_session_stack(saved: SavedStack, *, track: Track = untracked) -> FeatureStack:
    """Read a stack of a session.

    Parameters
    ----------
    saved : SavedStack
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.

    Raises
    ------
    DatasetError
        If the file can't be read, or holds a stack of another shape.
    """
    source = saved.source
    stack = read_stack(
        source.location, array=source.array, feature_axis=source.feature_axis, track=track
    )
    if stack.values.shape != saved.shape:
        raise DatasetError(
            f"{size_in_words(stack.values.shape)}, another stack than was saved",
            expected=size_in_words(saved.shape),
            remedy="Bring the file back that the session was saved with, or save a new session.",
            file=source.location,
            member=source.array,
        )
    return stack


def read_session_stacks(
    stacks: Sequence[SavedStack], *, track: Track = untracked
) -> list[FeatureStack]:
    """Read stacks of a session, in order; see `read_session_stack`."""
    return [read_session_stack(stack, track=track) for stack in stacks]


def _with_stacks(session: SavedSession, change: Callable[[SavedStack], SavedStack]) -> SavedSession:
    return replace(session, stacks=tuple(map(change, session.stacks)))


def _moved(stack: SavedStack, moved: dict[str, str]) -> SavedStack:
    location = moved.get(stack.source.location, stack.source.location)
    return replace(stack, source=replace(stack.source, location=location))
