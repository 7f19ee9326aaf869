"""The napari reader of session files."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any

from napari.viewer import current_viewer
from qtpy.QtWidgets import QApplication

from napari_ifealid._background import awaited
from napari_ifealid._progress import has_window
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.location import name_of
from napari_ifealid.notices import show_warning
from napari_ifealid.session_files import SavedSession, looks_like_session, read_session_file
from napari_ifealid.session_files.stacks import check_nothing_missing
from napari_ifealid.thread_warnings import warnings_told_to
from napari_ifealid.tracking import Track
from napari_ifealid.widgets.missing_files import ask_for_missing
from napari_ifealid.widgets.open_session import show_session

NO_LAYERS: list[Any] = [(None,)]
"""Result of a reader that leaves nothing for napari to add."""

Reader = Callable[[str | list[str]], list[Any]]


def get_session_reader(path: str | list[str]) -> Reader | None:
    """Return a reader for a session file, or None for other JSON files and for several files.

    Parameters
    ----------
    path : str or list of str
    """
    paths = [path] if isinstance(path, str) else path
    if len(paths) != 1:
        return None
    try:
        is_ours = awaited(lambda _: looks_like_session(paths[0]), _opening(paths[0]))
    except CancelledError:
        return lambda _: NO_LAYERS
    return read_session if is_ours else None


def read_session(path: str | list[str]) -> list[Any]:
    """Open a session in the current viewer, which gets its layers now and not from napari.

    Missing files are asked for by name.

    Raises
    ------
    DatasetError
        If the file is no good, or if there is no window to ask in and files are missing.
    """
    (file,) = [path] if isinstance(path, str) else path
    viewer = current_viewer()
    if viewer is None:
        raise DatasetError(
            "a session without a viewer to open it in",
            expected="napari's window",
            remedy="Open it with napari_ifealid.open_session(viewer, path).",
            file=file,
        )
    try:
        session = _with_all_files(file)
        if session is not None:
            show_session(viewer, session)
    except CancelledError:  # by the user, or the window was closed meanwhile
        return NO_LAYERS
    return NO_LAYERS


def _with_all_files(file: str) -> SavedSession | None:
    """Return the session once all its files are known to be there; None if the user cancelled."""
    caught: list[Warning] = []

    def read(_: Track) -> SavedSession:
        with warnings_told_to(caught.append):
            return read_session_file(file)

    session = awaited(read, _opening(file))
    for warning in caught:
        show_warning(str(warning))
    if has_window():
        return ask_for_missing(session, QApplication.activeWindow())
    check_nothing_missing(session, file)
    return session


def _opening(path: str) -> str:
    return f"Opening {name_of(path)}"
