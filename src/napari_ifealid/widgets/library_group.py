"""Named vectors: the list of them, ranked live, and their files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from magicgui.widgets import CheckBox
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from superqt.utils import qthrottled

from napari_ifealid.explorer import AFTER_THE_MAP, LIBRARY_KEY, Explorer, Session
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.feature_range import can_leave_out
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.grid import Pixel
from napari_ifealid.libraries import (
    LIBRARY_SUFFIXES,
    Library,
    Match,
    MatchKind,
    Mismatch,
    read_library,
    write_library,
)
from napari_ifealid.notices import show_error
from napari_ifealid.widgets.library_list import LibraryList
from napari_ifealid.widgets.pixel_text import joined
from napari_ifealid.widgets.plain_label import PlainLabel
from napari_ifealid.widgets.qt_scheduler import QtScheduler
from napari_ifealid.widgets.save_file import save_file
from napari_ifealid.widgets.save_folder import SAVE_FOLDER, safe_name

_EMPTY = (
    f"No entries. {LIBRARY_KEY} over the picture adds the pixel under the cursor, “Open…” a library"
)
_KINDS = "CSV (*.csv);;ENVI spectral library (*.sli)"
_AGREE = {MatchKind.RESAMPLED: "Resample", MatchKind.POSITION: "By position"}
_ANSWER = "Compare so from now on, this library with this stack"
_LEAVE_OUT = "Add a layer of the features that the library reaches, and compare that one"
_LINES = 4  # of the text, so that nothing moves when it changes


class LibraryGroup(QWidget):
    """The list of named vectors, and what becomes of it.

    Parameters
    ----------
    explorer : Explorer
    scheduler : Scheduler, optional
        Reads files. Qt's worker threads unless given.
    """

    def __init__(self, explorer: Explorer, scheduler: Scheduler | None = None) -> None:
        super().__init__()
        self._explorer = explorer
        self._source = explorer.library
        self._scheduler = scheduler or QtScheduler()
        self._is_stopped = False
        self._connections = Connections()
        self.list = LibraryList(self._source)
        self.best_first = CheckBox(
            value=True,
            text="Best first",
            tooltip="Order by the similarity to the pixel under the cursor. Off: your own order, "
            "which Alt and the arrow keys change",
        )
        self.text = PlainLabel()
        self.agree = QPushButton()
        self.add = _button("Add…", f"Add the reference pixel or a pin (key {LIBRARY_KEY}: pixel)")
        self.open = _button(
            "Open…",
            "Open a library: CSV, or ENVI (.sli, .hdr). It replaces the list; Ctrl+Z in "
            "the list brings that back",
        )
        self.save = _button("Save…", "Save the list as CSV, or as an ENVI spectral library (.sli)")
        self.remove = _button("Remove", "Remove the chosen entries; so does the key Delete")
        self._lay_out()
        self._rank_later = qthrottled(
            self._rank, timeout=round(1000 * AFTER_THE_MAP), leading=False, parent=self
        )
        self._bind()

    def stop(self) -> None:
        """Stop following the explorer."""
        self._is_stopped = True
        self._connections.close()
        self._rank_later.cancel()

    def open_file(self, path: Path) -> None:
        """Open a library instead of the list, in the background."""
        self._scheduler.in_background(
            partial(read_library, path), self._on_opened, self._on_failed, f"Opening {path.name}"
        )

    def showEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Rank the entries, which rested while they were not seen."""
        super().showEvent(event)
        self._rank()

    def _lay_out(self) -> None:
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.text.setMinimumHeight(_LINES * self.text.fontMetrics().lineSpacing())
        self.text.setMinimumWidth(1)  # a long word must not widen the dock
        self.text.setToolTip("How the entries meet the features of the stack")
        self.agree.setStyleSheet("padding: 2px 6px")
        self.agree.setToolTip(_ANSWER)
        policy = self.agree.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.agree.setSizePolicy(policy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.list)
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for button in (self.add, self.open, self.save, self.remove):
            buttons.addWidget(button, 1)
        layout.addLayout(buttons)
        row = QHBoxLayout()
        row.addWidget(self.best_first.native, 1)
        row.addWidget(self.agree)
        layout.addLayout(row)
        layout.addWidget(self.text)

    def _bind(self) -> None:
        explorer, source = self._explorer, self._source
        self.add.clicked.connect(lambda _: self._add())
        self.open.clicked.connect(lambda _: self._ask_for_file())
        self.save.clicked.connect(lambda _: self._save())
        self.remove.clicked.connect(lambda _: self.list.remove())
        self.agree.clicked.connect(lambda _: self._agree())
        self.best_first.changed.connect(self.list.rank)
        self.list.file_dropped.connect(self.open_file)
        self.list.selection_changed.connect(self._show_buttons)
        for signal, callback in (
            (source.listed, self._on_listed),
            (explorer.stack_changed, self._on_stack),
            (explorer.pixel_changed, self._rank_soon),
            (explorer.vectors_read, self._rank_soon),
            (explorer.features_changed, self._rank_soon),
            (explorer.state.events.measure, self._rank_soon),
        ):
            self._connections.connect(signal, callback)
        self._on_listed()

    def _on_listed(self) -> None:
        before = self.list.rows.rowCount()
        self.list.show_list()
        self._show_buttons()
        self._rank(may_keep_order=self.list.rows.rowCount() == before)

    def _on_stack(self) -> None:
        self._show_buttons()
        self._rank()

    def _show_buttons(self) -> None:
        self.add.setEnabled(self._explorer.stack is not None)
        self.save.setEnabled(bool(self._source.entries))
        self.remove.setEnabled(bool(self.list.chosen))

    def _rank_soon(self) -> None:
        self._rank_later()

    def _rank(self, *, may_keep_order: bool = True) -> None:
        if self._is_folded:
            return
        session, pixel = self._explorer.session, self._explorer.pixel
        vector = None if pixel is None else self._explorer.vector(pixel)
        values = None
        if session is not None and vector is not None:
            values = self._source.similarities(session, vector)
        self.list.show_similarities(values, may_keep_order=may_keep_order)
        self._show_text()

    @property
    def _is_folded(self) -> bool:
        window = self.window()
        return window is not None and window.isVisible() and not self.isVisible()

    def _show_text(self) -> None:
        session, pixel = self._explorer.session, self._explorer.pixel
        match = None if session is None else self._source.match_in(session)
        self.agree.setVisible(False)
        if not self._source.entries:
            self.text.setText(_EMPTY)
        elif session is None or pixel is None or match is None:
            self.text.setText(f"{_counted(self._source.library)}. No stack to compare with")
        elif isinstance(match, Mismatch):
            self.text.setText(match.reason)
            if _covered(session, match):
                self._offer("Leave them out", _LEAVE_OUT)
        elif not self._source.is_compared_in(session):
            self._show_question(match)
        else:
            self._show_what_is_compared(match, pixel)

    def _show_what_is_compared(self, match: Match, pixel: Pixel) -> None:
        counted = f"{_counted(self._source.library)}, compared {match.kind.value}"
        if not self._source.can_rank:
            name = self._explorer.state.measure.name
            self.text.setText(f"No order by {name}, which needs all of the stack. {counted}")
        else:
            middle = " (middle)" if self._explorer.is_outside else ""
            self.text.setText(f"Similarity to pixel {joined(pixel)}{middle}. {counted}")

    def _show_question(self, match: Match) -> None:
        self.text.setText(match.question)
        self._offer(_AGREE.get(match.kind, "Compare"), _ANSWER)

    def _offer(self, text: str, tooltip: str) -> None:
        self.agree.setText(text)
        self.agree.setToolTip(tooltip)
        self.agree.setVisible(True)

    def _agree(self) -> None:
        session = self._explorer.session
        match = None if session is None else self._source.match_in(session)
        if session is None or match is None:
            return
        if isinstance(match, Match):
            self._source.agree(session)
        elif (covered := _covered(session, match)) is not None:
            self._explorer.explore_part(covered)

    def _add(self) -> None:
        """Add the reference pixel; where there are pins, ask which."""
        if not self._explorer.pinned:
            self._add_and_name(None)
            return
        menu = self.menu_of_pixels()
        menu.popup(self.add.mapToGlobal(self.add.rect().bottomLeft()))

    def menu_of_pixels(self) -> QMenu:
        """Return a menu of the pixels that can be added: the reference, and each pin."""
        explorer, menu = self._explorer, QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        pixels = [pixel for pixel, _ in explorer.pinned]
        if explorer.pixel is not None:
            text = f"Pixel {joined(explorer.pixel)}"
            _add_action(menu, text, partial(self._add_and_name, None))
        for pixel in pixels:
            _add_action(menu, f"Pin {joined(pixel)}", partial(self._add_and_name, pixel))
        if len(pixels) > 1:
            _add_action(menu, f"All {len(pixels)} pins", partial(self._add_all, pixels))
        return menu

    def _add_all(self, pixels: Sequence[Pixel]) -> None:
        for pixel in pixels:
            self._explorer.add_to_library(pixel)

    def _add_and_name(self, pixel: Pixel | None) -> None:
        before = len(self._source.entries)
        self._explorer.add_to_library(pixel)
        if len(self._source.entries) > before:
            self.list.rename(before)

    def _ask_for_file(self) -> None:
        patterns = " ".join(f"*{suffix}" for suffix in LIBRARY_SUFFIXES)
        folder = str(self._folder())
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Open a library", folder, f"Libraries ({patterns})"
        )
        if chosen:
            SAVE_FOLDER.remember(Path(chosen))
            self.open_file(Path(chosen))

    def _on_opened(self, library: Library) -> None:
        if not self._is_stopped:
            self._source.open(library)

    def _on_failed(self, error: Exception) -> None:
        if not self._is_stopped:
            show_error(str(error))

    def _save(self) -> None:
        library = self._source.library
        proposal = self._folder() / safe_name(f"{library.name or 'library'}.csv")
        write = partial(write_library, library=library)
        path = save_file(self, "Save the library", proposal, _KINDS, write)
        if path is not None:
            SAVE_FOLDER.remember(path)

    def _folder(self) -> Path:
        layer = self._explorer.state.layer
        return SAVE_FOLDER.starting_at(None if layer is None else layer.source.path)


def _covered(session: Session, mismatch: Mismatch) -> range | None:
    """Return the features of a stack that the library reaches, if they can be left alone."""
    covered = mismatch.covered
    if not len(covered) or not can_leave_out(session):
        return None
    features = range(int(covered[0]), int(covered[-1]) + 1)
    return features if len(features) == len(covered) else None


def _add_action(menu: QMenu, text: str, function: Callable[[], None]) -> None:
    action = menu.addAction(text)
    assert action is not None
    action.triggered.connect(lambda _=False: function())


def _button(text: str, tooltip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tooltip)
    button.setStyleSheet("padding: 4px 2px")  # else four do not fit into a narrow dock
    return button


def _counted(library: Library) -> str:
    count = len(library.entries)
    return f"{count} {'entry' if count == 1 else 'entries'}"
