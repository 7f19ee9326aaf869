"""The list of the best places in the explored stack and in all that are linked."""

from __future__ import annotations

from typing import Any

from magicgui.widgets import FloatSpinBox, SpinBox
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.place_search import FoundPlace, PlaceSearch
from napari_ifealid.plain_text import one_line, plain_message
from napari_ifealid.widgets.narrow_spin_box import make_narrow_field
from napari_ifealid.widgets.pixel_text import pixel_text
from napari_ifealid.widgets.plain_label import PlainLabel
from napari_ifealid.widgets.reference_name import reference_name
from napari_ifealid.widgets.stack_choice import short_names

_HEIGHT = 112  # pixels; six rows
_COUNT = 10
_SHARE = 0.05  # of the longer side of the picture, the distance at first
_COUNT_WIDTH, _DISTANCE_WIDTH = 40, 58  # pixels
_EMPTY = "Nothing found yet: “Find”"
_STALE = "The reference is another one: find again"


class PlaceList(QWidget):
    """Finds the places most similar to the reference, in all linked stacks, and goes there.

    Parameters
    ----------
    explorer : Explorer
    search : PlaceSearch
    """

    def __init__(self, explorer: Explorer, search: PlaceSearch) -> None:
        super().__init__()
        self._explorer = explorer
        self._search = search
        self._places: tuple[FoundPlace, ...] = ()
        self._had_places = False
        self.count = SpinBox(
            value=_COUNT, min=1, max=999, tooltip="How many places are listed, of all stacks"
        )
        self.distance = FloatSpinBox(
            value=1.0,
            min=0.0,
            max=1e6,
            step=1.0,
            tooltip="Places in one stack are at least so far apart, in pixels of the image",
        )
        self.find_button = QPushButton("Find")
        self.find_button.setToolTip(
            "List the places most similar to the reference as it is now, in this stack and in all "
            "that are linked. Hold the reference first (H), so that it stays"
        )
        self.rows = _Rows()
        self.rows.setFixedHeight(_HEIGHT)  # so that nothing moves when places come and go
        self.rows.setToolTip(
            "The best places: value, pixel, stack. A click shows the place, and holds the reference"
        )
        self.text = PlainLabel()
        self.text.setWordWrap(True)
        self._connections = Connections()
        self._lay_out()
        self._bind()

    def stop(self) -> None:
        """Stop following the search."""
        self._connections.close()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self.find_button.setStyleSheet("padding: 4px 6px")
        words = PlainLabel("places"), PlainLabel("apart")
        _fit(self.count, words[0], _COUNT_WIDTH)
        _fit(self.distance, words[1], _DISTANCE_WIDTH)
        self.text.setToolTip("What the places are like")
        row = QHBoxLayout()
        row.setSpacing(4)
        for part, stretch in (
            (self.count.native, 0),
            (words[0], 1),
            (self.distance.native, 0),
            (words[1], 1),
            (self.find_button, 0),
        ):
            row.addWidget(part, stretch)
        layout.addLayout(row)
        layout.addWidget(self.rows)
        layout.addWidget(self.text)

    def _bind(self) -> None:
        self.find_button.clicked.connect(self._find)
        self.rows.itemClicked.connect(self._go_to)
        self.rows.itemActivated.connect(self._go_to)  # the return key
        self._connections.connect(self._search.changed, self._show)
        self._connections.connect(self._explorer.stack_changed, self._on_stack)
        self._on_stack()
        self._show()

    def _on_stack(self) -> None:
        """Propose a distance that suits the picture, unless places are listed."""
        session = self._explorer.session
        self.find_button.setEnabled(self._explorer.stack is not None)
        if session is not None and not self._places:
            low, high = session.grid.bounds
            self.distance.value = round(max(high - low) * _SHARE, 1)

    def _find(self) -> None:
        self._had_places = False
        self._search.search(self.count.value, self.distance.value)

    def _go_to(self, row: QListWidgetItem) -> None:
        number = self.rows.row(row)
        if number < len(self._places):
            self._search.go_to(self._places[number])

    def _show(self) -> None:
        places, chosen = self._search.found, self.rows.currentRow()
        if places == self._places and places:
            return
        self._places = places
        self.rows.clear()
        layers = list(dict.fromkeys(place.layer for place in places))
        names = dict(zip(layers, short_names([layer.name for layer in layers]), strict=True))
        for place in places:
            row = QListWidgetItem(self._text_of(place, names[place.layer]))
            row.setToolTip(plain_message(self._text_of(place, place.layer.name)))
            self.rows.addItem(row)
        if places:
            self._had_places = True
            self.rows.setCurrentRow(chosen if 0 <= chosen < len(places) else 0)
            name = reference_name(self._explorer)
            self.text.setText(f"Like {name}")
        else:
            self._show_why_empty()

    def _show_why_empty(self) -> None:
        hint = _STALE if self._had_places else _EMPTY
        row = QListWidgetItem("Searching…" if self._search.is_searching else hint)
        row.setFlags(Qt.ItemFlag.NoItemFlags)
        self.rows.addItem(row)
        self.text.setText(" ")

    def _text_of(self, place: FoundPlace, name: str) -> str:
        (session,) = (one for one in self._explorer.sessions if one.layer is place.layer)
        pixel = pixel_text(place.pixel, place.place, session.grid)
        return f"{place.value:.3f}  {pixel}  {one_line(name)}"


def _fit(control: SpinBox | FloatSpinBox, word: PlainLabel, width: int) -> None:
    """Let a number and the word behind it fit into a row with others."""
    word.setToolTip(control.tooltip)
    word.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    make_narrow_field(control.native, 2)
    control.native.setFixedWidth(width)


class _Rows(QListWidget):
    """A list whose rows never make the dock wider, and are cut instead of scrolled sideways."""

    def __init__(self) -> None:
        super().__init__()
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def sizeHint(self) -> Any:  # noqa: N802  # the name is Qt's
        """Return a narrow one."""
        hint = super().sizeHint()
        hint.setWidth(0)
        return hint
