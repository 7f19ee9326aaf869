"""The library's entries as rows: ticked, named, and ranked by their similarity."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QAbstractTableModel, QModelIndex, QSize, Qt
from qtpy.QtGui import QIcon

from napari_ifealid.explorer.library_source import LibrarySource
from napari_ifealid.explorer.listed_library import Tick
from napari_ifealid.libraries import LibraryEntry, best_first
from napari_ifealid.plain_text import one_line, plain_message
from napari_ifealid.widgets.pixel_text import joined
from napari_ifealid.widgets.swatch import swatch

NAME, SIMILARITY = 0, 1
"""The columns."""

_ROW_HEIGHT = 20  # pixels; a name is edited in it
_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
_NAME_FLAGS = _FLAGS | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEditable
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class LibraryModel(QAbstractTableModel):
    """Rows for the entries of a library, in their own order or the best one first.

    Parameters
    ----------
    source : LibrarySource
        Whose entries are ticked and renamed in the rows.
    """

    def __init__(self, source: LibrarySource) -> None:
        super().__init__()
        self._source = source
        self._is_ranked = True
        self._order = np.arange(len(source.entries))  # the entry of each row
        self._values: NDArray[np.float64] | None = None
        self._icons: dict[Tick | None, QIcon] = {}

    @property
    def is_ranked(self) -> bool:
        """Whether the best entry comes first; else they have their own order."""
        return self._is_ranked

    @is_ranked.setter
    def is_ranked(self, is_ranked: bool) -> None:
        self._is_ranked = is_ranked
        self._order = self._wanted_order()
        self._tell()

    def entry_at(self, row: int) -> int:
        """Return the number of the entry in a row."""
        return int(self._order[row])

    def row_of(self, number: int) -> int:
        """Return the row that an entry is in."""
        return int(np.flatnonzero(self._order == number)[0])

    def show_list(self) -> None:
        """Show another list, or what has changed in it."""
        count = len(self._source.entries)
        self._values = None  # of the list before
        if count and count == len(self._order):
            self.dataChanged.emit(self.index(0, NAME), self.index(count - 1, SIMILARITY))
            return
        self.beginResetModel()
        self._order = np.arange(count)
        self.endResetModel()

    def show_similarities(
        self, values: NDArray[np.float64] | None, *, keeps_order: bool = False
    ) -> None:
        """Show how similar each entry is.

        Parameters
        ----------
        values : array, shape (N,), or None
            By the entries' own order. None: not known.
        keeps_order : bool, optional
            Whether the rows stay where they are.
        """
        if values is None and self._values is None:
            return
        self._values = values
        if values is not None and not keeps_order:
            self._order = self._wanted_order()
        self._tell()

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802  # Qt's name
        """Return the number of entries."""
        return 0 if parent is not None and parent.isValid() else len(self._order)

    def columnCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else 2

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Return what can be done with a cell."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return _NAME_FLAGS if index.column() == NAME else _FLAGS

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows."""
        if not index.isValid():
            return None
        number = self.entry_at(index.row())
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_message(_described(self._source.entries[number]))
        if role == Qt.ItemDataRole.SizeHintRole:
            return QSize(1, _ROW_HEIGHT)
        if index.column() == SIMILARITY:
            return self._similarity(number, role)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(number)
            case Qt.ItemDataRole.EditRole:
                return self._source.entries[number].name
            case Qt.ItemDataRole.CheckStateRole:
                is_ticked = self._source.ticks[number] is not None
                return Qt.CheckState.Checked if is_ticked else Qt.CheckState.Unchecked
            case Qt.ItemDataRole.DecorationRole:
                return self._icon(self._source.ticks[number])
        return None

    def setData(  # noqa: N802
        self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        """Rename an entry, or tick it."""
        number = self.entry_at(index.row())
        if role == Qt.ItemDataRole.EditRole:
            self._source.rename(number, str(value))
            return True
        if role == Qt.ItemDataRole.CheckStateRole:
            self._source.tick(number, Qt.CheckState(value) == Qt.CheckState.Checked)
            return True
        return False

    def _similarity(self, number: int, role: int) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT
        if role != Qt.ItemDataRole.DisplayRole or self._values is None:
            return None
        value = self._values[number]
        return "–" if np.isnan(value) else f"{value:.3f}"

    def _text(self, number: int) -> str:
        name, tick = one_line(self._source.entries[number].name), self._source.ticks[number]
        return name if tick is None or tick.sign > 0 else f"unlike {name}"

    def _icon(self, tick: Tick | None) -> QIcon:
        if tick not in self._icons:
            known = tick or Tick("transparent")
            self._icons[tick] = swatch(known.colour, known.sign)
        return self._icons[tick]

    def _tell(self) -> None:
        """Tell that rows show something else, maybe in another order.

        Not by a new layout, for which Qt asks each row for its flags; and not for the names, where
        one that is being edited would be read anew. Who shows the rows paints all of them.
        """
        if len(self._order):
            last = self.index(len(self._order) - 1, SIMILARITY)
            self.dataChanged.emit(self.index(0, SIMILARITY), last)

    def _wanted_order(self) -> NDArray[np.intp]:
        if self._is_ranked and self._values is not None:
            return best_first(self._values)
        return np.arange(len(self._source.entries))


def _described(entry: LibraryEntry) -> str:
    """Return the name of an entry and where it comes from."""
    parts = [entry.name or "without a name"]
    if entry.pixel is not None:
        parts.append(f"pixel {joined(entry.pixel)}")
    if entry.source:
        parts.append(f"of {entry.source}")
    return "\n".join(parts)
