"""The button that saves a session."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QMessageBox, QPushButton, QVBoxLayout, QWidget

from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.session_capture import captured_session, layers_without_file
from napari_ifealid.notices import show_error
from napari_ifealid.plain_text import never_markup, one_line
from napari_ifealid.session_files import SESSION_SUFFIX, SavedSession, write_session_file
from napari_ifealid.widgets.message_button import add_button
from napari_ifealid.widgets.save_file import save_file
from napari_ifealid.widgets.save_folder import SAVE_FOLDER, safe_name

_MOST_LISTED = 10
_KINDS = f"Sessions (*{SESSION_SUFFIX})"


class SaveSession(QWidget):
    """Saves what is explored as a session file.

    Parameters
    ----------
    explorer : Explorer
    viewer : napari viewer
    """

    def __init__(self, explorer: Explorer, viewer: ViewerModel) -> None:
        super().__init__()
        self._explorer = explorer
        self._viewer = viewer
        self._connections = Connections()
        self.save_button = QPushButton("Save session…")
        self.save_button.setToolTip(
            "Save which stacks are open, what is compared with, the measure, the threshold and the "
            "look as a small file. File › Open brings all of it back, and napari-ifealid apply "
            "compares many files in the same way"
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.save_button)
        self.save_button.clicked.connect(lambda _: self._save())
        self._connections.connect(explorer.stack_changed, self._show)
        self._show()

    def stop(self) -> None:
        """Stop following the explorer."""
        self._connections.close()

    def _show(self) -> None:
        self.save_button.setDisabled(self._explorer.stack is None)

    def _save(self) -> None:
        try:
            session = captured_session(self._explorer, self._viewer)
        except DatasetError as error:
            show_error(str(error))
            return
        left_out = [layer.name for layer in layers_without_file(self._viewer)]
        if not left_out:
            self._choose_file(session)
            return
        box = _warning(left_out, partial(self._choose_file, session), self)
        box.open()  # without stopping the window

    def _choose_file(self, session: SavedSession) -> None:
        source = session.stacks[session.explored].source
        name = safe_name(session_name(source.location))
        proposal = SAVE_FOLDER.starting_at(source.location) / name
        write = partial(write_session_file, session=session)
        path = save_file(self, "Save session", proposal, _KINDS, write)
        if path is not None:
            SAVE_FOLDER.remember(path)


def session_name(location: str) -> str:
    """Return the name that is proposed for the session of a stack."""
    stem = location.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return f"{stem.partition('.')[0] or 'session'}{SESSION_SUFFIX}"


def _warning(names: list[str], save: Callable[[], None], parent: QWidget) -> QMessageBox:
    """Return the question whether a session is saved without some layers."""
    more = [f"and {len(names) - _MOST_LISTED} more"] if len(names) > _MOST_LISTED else []
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("Save session")
    box.setText("These layers came from no file, so the session can't bring them back:")
    listed = map(one_line, names[:_MOST_LISTED])
    box.setInformativeText(never_markup("\n".join([*listed, *more])))
    kept = "Vectors that were taken from them are kept"
    button = add_button(box, "Save without them", QMessageBox.ButtonRole.AcceptRole, kept)
    button.clicked.connect(lambda: save())
    add_button(box, "Cancel", QMessageBox.ButtonRole.RejectRole, "Save nothing")
    return box
