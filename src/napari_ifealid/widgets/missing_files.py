"""The question where missing files of a session are."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QMessageBox, QWidget

from napari_ifealid.errors import last_part
from napari_ifealid.plain_text import one_line, plain_message
from napari_ifealid.session_files import SavedSession, missing_stacks
from napari_ifealid.session_files.stacks import moved_stack, without_stacks
from napari_ifealid.widgets.message_button import add_button


def ask_for_missing(session: SavedSession, parent: QWidget | None) -> SavedSession | None:
    """Ask where each missing file of a session is, until none is missing.

    Files beside one that was found are found along with it.

    Parameters
    ----------
    session : SavedSession
    parent : QWidget, optional

    Returns
    -------
    SavedSession or None
        With the paths that were found, without the stacks that the user left out; None if the user
        cancelled, or left out the explored stack.
    """
    skipped: list[str] = []
    while missing := [path for path in missing_stacks(session) if path not in skipped]:
        path = missing[0]
        box = _question(path, session, parent)
        box.exec()
        role = box.buttonRole(box.clickedButton())
        if role == QMessageBox.ButtonRole.AcceptRole:
            found = _chosen(path, parent)
            session = session if found is None else moved_stack(session, path, found)
        elif role == QMessageBox.ButtonRole.DestructiveRole:
            skipped.append(path)
        else:
            return None
    return without_stacks(session, skipped)


def _question(path: str, session: SavedSession, parent: QWidget | None) -> QMessageBox:
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Missing file")
    box.setText(
        f"The session needs a file that is missing: {plain_message(one_line(last_part(path)))}"
    )
    box.setInformativeText(plain_message(f"It was here:\n{path}"))
    find = add_button(
        box,
        "Find…",
        QMessageBox.ButtonRole.AcceptRole,
        "Choose where the file is now; other missing files beside it are found, too",
    )
    box.setDefaultButton(find)
    if session.stacks[session.explored].source.location != path:
        leave_out = QMessageBox.ButtonRole.DestructiveRole
        add_button(box, "Skip", leave_out, "Open the session without this stack")
    add_button(box, "Cancel", QMessageBox.ButtonRole.RejectRole, "Open nothing")
    return box


def _chosen(path: str, parent: QWidget | None) -> str | None:
    title, ending = f"Find {one_line(last_part(path))}", Path(path).suffix
    if ending == ".zarr":
        found = QFileDialog.getExistingDirectory(parent, title)
    else:
        kinds = f"Files like it (*{ending});;All files (*)"
        found, _ = QFileDialog.getOpenFileName(parent, title, "", kinds)
    return str(Path(found).absolute()) if found else None
