"""Opening a session file in a viewer."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from napari.components import ViewerModel

from napari_ifealid._background import awaited
from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.session_restore import restore_session
from napari_ifealid.session_files import SavedSession, read_session_file, read_session_stacks
from napari_ifealid.session_files.stacks import check_nothing_missing


def open_session(viewer: ViewerModel, path: str | PathLike[str]) -> Explorer:
    """Open a session file: its stacks, references, measure, threshold and looks.

    Parameters
    ----------
    viewer : napari viewer
        In a window the panel "Feature similarity" is opened, too.
    path : path

    Returns
    -------
    Explorer
        That of the panel. In a window the stack that is explored is loaded in the background.

    Raises
    ------
    DatasetError
        If the file is no good, or files that it names are missing: all of them are listed.

    Warns
    -----
    SessionWarning
        If a newer version of the plugin has written something that this one does not know.

    Examples
    --------
    >>> explorer = open_session(napari.Viewer(), "grain.ifealid.json")
    """
    session = read_session_file(path)
    check_nothing_missing(session, Path(path))
    return show_session(viewer, session)


def show_session(viewer: ViewerModel, session: SavedSession) -> Explorer:
    """Open a session whose files are all there; see `open_session`."""
    stacks = awaited(
        lambda track: read_session_stacks(session.stacks, track=track), "Opening a session"
    )
    explorer = explorer_of(viewer)
    restore_session(explorer, viewer, session, stacks)
    return explorer


def explorer_of(viewer: Any) -> Explorer:
    """Return the explorer of the panel in a viewer's window, which is opened if it is not yet.

    A viewer without a window gets an explorer of its own.
    """
    window = getattr(viewer, "window", None)
    if window is None:
        return Explorer(viewer)
    _, panel = window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    explorer: Explorer = panel.explorer
    return explorer
