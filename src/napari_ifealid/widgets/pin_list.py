"""The list of pins: colour, sign and place of each, to be changed and removed."""

from __future__ import annotations

from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from napari_ifealid.explorer import CLEAR_KEY, SIGN_KEY, Explorer
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.pins import Pin
from napari_ifealid.widgets.pixel_text import pixel_text
from napari_ifealid.widgets.plain_label import PlainLabel
from napari_ifealid.widgets.reference_rows import ReferenceRow, ReferenceRows, small_button

_EMPTY = "Click in the picture to pin a pixel"
_NO_DATA = ": no data here"
_MOST = 3  # rows
_TITLE_HEIGHT = 24  # pixels


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
        self.title = PlainLabel()
        self.rows = ReferenceRows("", _MOST)
        self.rows.setToolTip(
            "The pins, in their colours; crosses are those that pixels shall be unlike. The keys "
            "+, − and Space change that for the chosen one, Delete removes it"
        )
        self.sign = small_button(
            "+/−",
            "Look for pixels unlike the chosen pin, or like it again; so does the key "
            f"{SIGN_KEY} over the pin in the picture. “Difference” takes both",
            self.rows.flip_chosen,
        )
        self.remove = small_button(
            "Remove",
            "Remove the chosen pin; so does a click on it in the picture",
            self._remove_chosen,
        )
        self.clear = small_button(
            "Clear",
            f"Remove all pins; so does the key {CLEAR_KEY} over the picture",
            explorer.pins.clear,
        )
        self._lay_out()
        self._connections = Connections()
        self._connections.connect(explorer.pins.changed, self._show)
        self._connections.connect(explorer.stack_changed, self._show)
        self._connections.connect(explorer.vectors_read, self._show)
        self._connections.connect(explorer.features_changed, self._show)
        self._connections.connect(explorer.moved, self._show)
        self._connections.connect(explorer.state.events.window, self._show)
        self._connections.connect(self.rows.sign_chosen, explorer.pins.set_sign)
        self._connections.connect(self.rows.removal_chosen, self._remove)
        self.rows.itemSelectionChanged.connect(self._show_buttons)
        self._show()

    def stop(self) -> None:
        """Stop following the pins."""
        self._connections.close()

    def _lay_out(self) -> None:
        self.title.setToolTip(self.rows.toolTip())
        title = QWidget()
        title.setFixedHeight(_TITLE_HEIGHT)  # with and without the buttons
        row = QHBoxLayout(title)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.title, 1)
        for button in (self.sign, self.remove, self.clear):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(title)
        layout.addWidget(self.rows)

    def _show(self) -> None:
        explorer = self._explorer
        pixels = {pin: pixel for pixel, pin in explorer.pinned}
        self._pins, void = explorer.pins.pins, explorer.pins_without_data
        self.rows.show_rows(
            [
                ReferenceRow(
                    self._text(pin, pixels.get(pin)) + (_NO_DATA if pin in void else ""),
                    pin.colour,
                    pin.sign,
                )
                for pin in self._pins
            ]
        )
        self._show_buttons()

    def _text(self, pin: Pin, pixel: tuple[int, ...] | None) -> str:
        session = self._explorer.asking
        if pixel is None or session is None:
            return "outside of this stack"
        return pixel_text(pixel, pin.place, session.grid)

    def _show_buttons(self) -> None:
        has_pins, is_chosen = bool(self._pins), self.rows.chosen is not None
        self.title.setText("Pins" if has_pins else _EMPTY)
        for part in (self.rows, self.sign, self.remove, self.clear):
            part.setVisible(has_pins)
        self.sign.setEnabled(is_chosen)
        self.remove.setEnabled(is_chosen)

    def _remove_chosen(self) -> None:
        if self.rows.chosen is not None:
            self._remove(self.rows.chosen)

    def _remove(self, row: int) -> None:
        self._explorer.pins.remove(self._pins[row])
