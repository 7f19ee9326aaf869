"""The list of pins: colour and place of each, to be removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_ifealid.explorer import CLEAR_KEY, Explorer
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.pins import Pin
from napari_ifealid.widgets.pixel_text import pixel_text

_HEIGHT, _SWATCH = 58, 12  # pixels; three rows
_EMPTY = "Click in the picture to pin a pixel"


class PinList(QWidget):
    """Lists the explorer's pins.

    Parameters
    ----------
    explorer : Explorer
    """

    def __init__(self, explorer: Explorer) -> None:
        super().__init__()
        self._explorer = explorer
        self._pins: list[Pin] = []
        self.rows = _Rows(self._remove_chosen)
        self.rows.setFixedHeight(_HEIGHT)  # so that nothing moves when pins come and go
        self.rows.setIconSize(QSize(_SWATCH, _SWATCH))
        self.rows.setToolTip("The pins, in their colours. Delete removes the chosen one")
        self.remove = QPushButton("Remove")
        self.remove.setToolTip("Remove the chosen pin; so does a click on it in the picture")
        self.clear = QPushButton("Clear")
        self.clear.setToolTip(f"Remove all pins; so does the key {CLEAR_KEY} over the picture")
        self._lay_out()
        self._connections = Connections()
        self._connections.connect(explorer.pins.changed, self._show)
        self._connections.connect(explorer.stack_changed, self._show)
        self.rows.itemSelectionChanged.connect(self._show_buttons)
        self.remove.clicked.connect(self._remove_chosen)
        self.clear.clicked.connect(explorer.pins.clear)
        self._show()

    def stop(self) -> None:
        """Stop following the pins."""
        self._connections.close()

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.rows, 1)
        buttons = QVBoxLayout()
        buttons.setSpacing(2)
        for button in (self.remove, self.clear):
            button.setStyleSheet("padding: 2px 6px")
            buttons.addWidget(button)
        buttons.addStretch()
        layout.addLayout(buttons)

    def _show(self) -> None:
        explorer = self._explorer
        chosen = self.rows.currentRow()
        pixels = {pin: pixel for pixel, pin in explorer.pinned}
        self._pins = explorer.pins.pins
        self.rows.clear()
        for pin in self._pins:
            row = QListWidgetItem(_swatch(pin.colour), self._text(pin, pixels.get(pin)))
            self.rows.addItem(row)
        if not self._pins:
            hint = QListWidgetItem(_EMPTY)
            hint.setFlags(Qt.ItemFlag.NoItemFlags)
            self.rows.addItem(hint)
        elif 0 <= chosen < len(self._pins):
            self.rows.setCurrentRow(chosen)
        self._show_buttons()

    def _text(self, pin: Pin, pixel: tuple[int, ...] | None) -> str:
        session = self._explorer.asking
        if pixel is None or session is None:
            return "outside of this stack"
        return pixel_text(pixel, pin.place, session.grid)

    def _show_buttons(self) -> None:
        self.remove.setEnabled(bool(self._pins) and bool(self.rows.selectedItems()))
        self.clear.setEnabled(bool(self._pins))

    def _remove_chosen(self) -> None:
        row = self.rows.currentRow()
        if 0 <= row < len(self._pins):
            self._explorer.pins.remove(self._pins[row])


class _Rows(QListWidget):
    """Rows of which the chosen one is removed with the key Delete."""

    def __init__(self, remove: Callable[[], None]) -> None:
        super().__init__()
        self._remove = remove

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Remove the chosen row."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._remove()
        else:
            super().keyPressEvent(event)


def _swatch(colour: str) -> QIcon:
    pixmap = QPixmap(_SWATCH, _SWATCH)
    pixmap.fill(QColor(colour))
    return QIcon(pixmap)
