"""The list of the library's entries, with its keys and its menu."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal
from qtpy.QtCore import QItemSelectionModel, QSize, Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTreeView

from napari_ifealid.explorer.library_source import LibrarySource
from napari_ifealid.libraries import is_library_file
from napari_ifealid.widgets.library_model import NAME, SIMILARITY, LibraryModel
from napari_ifealid.widgets.reference_rows import SIGN_KEYS
from napari_ifealid.widgets.swatch import SWATCH

_HEIGHT = 126  # pixels; six rows
_TICKS = """
QTreeView::indicator {
    width: 11px; height: 11px; border: 1px solid palette(placeholder-text); border-radius: 2px;
}
QTreeView::indicator:checked {background: palette(highlight);}
"""
"""napari's own are hard to see."""

_DELETE_KEYS = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class LibraryList(QTreeView):
    """The entries of a library: ticked, renamed in place, removed, moved.

    Parameters
    ----------
    source : LibrarySource

    Attributes
    ----------
    file_dropped : Signal(path)
        A file of a library was dropped onto the list.
    selection_changed : Signal()
    """

    file_dropped = Signal(object)
    selection_changed = Signal()

    def __init__(self, source: LibrarySource) -> None:
        super().__init__()
        self._source = source
        self.rows = LibraryModel(source)
        self.setModel(self.rows)
        self.setFixedHeight(_HEIGHT)  # so that nothing moves when entries come and go
        self.setStyleSheet(_TICKS)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setIconSize(QSize(SWATCH, SWATCH))
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed)
        self.setAcceptDrops(True)
        self.setToolTip(
            "Named vectors, with their similarity to the pixel under the cursor. A tick compares "
            "all pixels with an entry; crosses are those that pixels shall be unlike, as the keys "
            "+ and − choose. A double click renames an entry, Delete removes it"
        )
        self._lay_out_columns()

    @property
    def chosen(self) -> list[int]:
        """The numbers of the entries that are selected."""
        cells = self.selectedIndexes()
        return sorted({self.rows.entry_at(index.row()) for index in cells})

    @property
    def keeps_order(self) -> bool:
        """Whether rows stay where they are: under the mouse, or while a name is edited."""
        return self.underMouse() or self.state() == QAbstractItemView.State.EditingState

    def show_list(self) -> None:
        """Show another list, or what has changed in it; the same entries stay selected."""
        before = self.rows.rowCount()
        self.rows.show_list()
        if self.rows.rowCount() != before:
            self.selection_changed.emit()

    def show_similarities(
        self, values: NDArray[np.float64] | None, *, may_keep_order: bool = True
    ) -> None:
        """Show how similar each entry is; the same entries stay selected.

        Parameters
        ----------
        values : array, shape (N,), or None
            By the entries' own order. None: not known.
        may_keep_order : bool, optional
            Whether rows stay where they are while the user is busy with them.
        """
        with self._same_selection():
            keeps_order = may_keep_order and self.keeps_order
            self.rows.show_similarities(values, keeps_order=keeps_order)

    def rank(self, is_ranked: bool) -> None:
        """Show the best entry first, or the entries in their own order."""
        with self._same_selection():
            self.rows.is_ranked = is_ranked

    @contextmanager
    def _same_selection(self) -> Iterator[None]:
        """Select the same entries in other rows, without scrolling to them."""
        selection, viewport, index = self.selectionModel(), self.viewport(), self.currentIndex()
        assert selection is not None
        assert viewport is not None
        chosen = self.chosen
        current = self.rows.entry_at(index.row()) if index.isValid() else None
        yield
        viewport.update()
        if current is None or self.rows.entry_at(self.currentIndex().row()) == current:
            return
        flags, rows = QItemSelectionModel.SelectionFlag, self.rows
        scrolls = self.hasAutoScroll()
        self.setAutoScroll(False)
        selection.setCurrentIndex(rows.index(rows.row_of(current), NAME), flags.Clear)
        for number in chosen:
            place = rows.index(rows.row_of(number), NAME)
            selection.select(place, flags.Select | flags.Rows)
        self.setAutoScroll(scrolls)

    def choose(self, number: int) -> None:
        """Select an entry, and show it."""
        index = self.rows.index(self.rows.row_of(number), NAME)
        self.setCurrentIndex(index)
        self.scrollTo(index)

    def rename(self, number: int) -> None:
        """Let the user edit the name of an entry in its row."""
        self.choose(number)
        self.edit(self.currentIndex())

    def move_chosen(self, by: int) -> None:
        """Move the chosen entry down its own order, or up by less than 0."""
        chosen = self.chosen
        if len(chosen) == 1 and not self.rows.is_ranked:
            place = min(max(chosen[0] + by, 0), len(self._source.entries) - 1)
            self._source.move(chosen[0], by)
            self.choose(place)

    def remove(self) -> None:
        """Remove the chosen entries."""
        self._source.remove(self.chosen)

    def set_sign(self, sign: int) -> None:
        """Look for pixels like the chosen entries, or for pixels unlike them."""
        self._source.set_sign(self.chosen, sign)

    def actions_for_menu(self) -> dict[str, tuple[Callable[[], None], bool]]:
        """Return the text of each action of the menu, what it does, and whether it can."""
        chosen, count = self.chosen, len(self._source.entries)
        is_one = len(chosen) == 1
        can_move = is_one and not self.rows.is_ranked
        is_first, is_last = chosen[:1] == [0], chosen[-1:] == [count - 1]
        return {
            "Look for pixels like it\t+": (lambda: self.set_sign(1), bool(chosen)),
            "Look for pixels unlike it\t−": (lambda: self.set_sign(-1), bool(chosen)),
            "Rename\tF2": (lambda: self.rename(chosen[0]), is_one),
            "Move up\tAlt+Up": (lambda: self.move_chosen(-1), can_move and not is_first),
            "Move down\tAlt+Down": (
                lambda: self.move_chosen(1),
                can_move and not is_last,
            ),
            "Remove\tDel": (self.remove, bool(chosen)),
            "Clear the list": (self._source.clear, count > 0),
            "Undo\tCtrl+Z": (self._source.undo, self._source.can_undo),
        }

    def selectionChanged(self, selected: Any, deselected: Any) -> None:  # noqa: N802
        """Report that other entries are selected."""
        super().selectionChanged(selected, deselected)
        self.selection_changed.emit()

    def contextMenuEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Offer what can be done with the list."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, (action, is_possible) in self.actions_for_menu().items():
            entry = menu.addAction(text)
            assert entry is not None
            entry.setEnabled(is_possible)
            entry.triggered.connect(lambda _=False, action=action: action())
        menu.popup(event.globalPos())

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        """Remove, move, undo and change signs by keys."""
        if event.key() in _DELETE_KEYS:
            self.remove()
        elif event.key() in SIGN_KEYS:
            self.set_sign(SIGN_KEYS[event.key()])
        elif event.matches(QKeySequence.StandardKey.Undo):
            self._source.undo()
        elif event.key() in _STEPS and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.move_chosen(_STEPS[event.key()])
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: Any) -> None:  # noqa: N802
        """Take a file of a library."""
        if _dropped_library(event) is not None:
            event.acceptProposedAction()
        else:
            event.ignore()

    dragMoveEvent = dragEnterEvent  # noqa: N815

    def dropEvent(self, event: Any) -> None:  # noqa: N802
        """Report the file that was dropped."""
        path = _dropped_library(event)
        if path is None:
            event.ignore()
        else:
            event.acceptProposedAction()
            self.file_dropped.emit(path)

    def _lay_out_columns(self) -> None:
        self.setHeaderHidden(True)
        header = self.header()
        assert header is not None
        header.setMinimumSectionSize(1)
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(SIMILARITY, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(SIMILARITY, self.fontMetrics().horizontalAdvance("−0.0000") + 8)


def _dropped_library(event: Any) -> Path | None:
    """Return the path of the only file that is dragged, if it is meant to be a library."""
    urls = event.mimeData().urls()
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    path = Path(urls[0].toLocalFile())
    return path if is_library_file(path) else None
