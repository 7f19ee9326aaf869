"""Rows of references: colour, sign and text of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from psygnal import Signal
from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QListWidget, QListWidgetItem, QPushButton

from napari_ifealid.plain_text import one_line, plain_message
from napari_ifealid.widgets.swatch import SWATCH, swatch

_ROW = 20  # pixels
_KEPT = 64  # icons: of each new one Qt keeps the picture, until it has 10 MB of them
SIGN_KEYS = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Minus: -1}
"""By which a chosen reference is looked for, or not."""


@dataclass(frozen=True)
class ReferenceRow:
    """A reference in the list.

    Parameters
    ----------
    text : str
    colour : str
        As in ``"#e69f00"``.
    sign : {1, -1}
    """

    text: str
    colour: str
    sign: int = 1


class ReferenceRows(QListWidget):
    """Rows of which the chosen one gets another sign with the keys +, − and Space.

    Parameters
    ----------
    hint : str
        Shown while there are no rows.
    most : int
        As many rows are seen at once; the others are scrolled to.

    Attributes
    ----------
    sign_chosen : Signal(int, int)
        A row, and the sign that it shall have.
    removal_chosen : Signal(int)
        A row that shall be removed: the key Delete.
    """

    sign_chosen = Signal(int, int)
    removal_chosen = Signal(int)

    def __init__(self, hint: str, most: int) -> None:
        super().__init__()
        self._hint = hint
        self._most = most
        self._rows: tuple[ReferenceRow, ...] | None = None
        self._note = ""
        self._swatch = lru_cache(_KEPT)(swatch)
        self.setIconSize(QSize(SWATCH, SWATCH))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.show_rows(())

    @property
    def chosen(self) -> int | None:
        """The row that is chosen."""
        row = self.currentRow()
        return row if self._rows and self.selectedItems() and row < len(self._rows) else None

    def show_rows(self, rows: Sequence[ReferenceRow], *, note: str = "") -> None:
        """Show other rows; the one that is chosen stays so.

        Parameters
        ----------
        rows : sequence of ReferenceRow
        note : str, optional
            Shown below them.
        """
        if (tuple(rows), note) == (self._rows, self._note):
            return
        chosen = self.chosen
        self._rows, self._note = tuple(rows), note
        self.clear()
        for row in rows:
            text = one_line(row.text if row.sign > 0 else f"unlike {row.text}")
            item = QListWidgetItem(self._swatch(row.colour, row.sign), text)
            item.setToolTip(plain_message(text))
            item.setSizeHint(QSize(1, _ROW))
            self.addItem(item)
        for text in filter(None, (note, "" if rows else self._hint)):
            item = QListWidgetItem(text)
            item.setSizeHint(QSize(1, _ROW))
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.addItem(item)
        self.setFixedHeight(min(self.count(), self._most) * _ROW + 2 * self.frameWidth())
        if chosen is not None and chosen < len(rows):
            self.setCurrentRow(chosen)

    def flip_chosen(self) -> None:
        """Ask for the other sign of the row that is chosen."""
        if self.chosen is not None and self._rows:
            self.sign_chosen.emit(self.chosen, -self._rows[self.chosen].sign)

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Give the chosen row another sign, or remove it."""
        key, chosen = event.key(), self.chosen
        if chosen is None:
            super().keyPressEvent(event)
        elif key in SIGN_KEYS:
            self.sign_chosen.emit(chosen, SIGN_KEYS[key])
        elif key == Qt.Key.Key_Space:
            self.flip_chosen()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removal_chosen.emit(chosen)
        else:
            super().keyPressEvent(event)


def small_button(text: str, tooltip: str, action: Callable[[], None]) -> QPushButton:
    """Return a button that fits into a row with others."""
    button = QPushButton(text)
    button.setToolTip(tooltip)
    button.setStyleSheet("padding: 2px 6px")
    button.clicked.connect(lambda _: action())
    return button
