"""The layer that regions are taken from, and the list of them."""

from __future__ import annotations

from magicgui.widgets import ComboBox
from napari.layers import Layer
from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.drawn_regions import NamedRegion
from napari_ifealid.plain_text import one_line
from napari_ifealid.widgets.narrow_combo_box import make_narrow
from napari_ifealid.widgets.plain_label import PlainLabel
from napari_ifealid.widgets.reference_rows import ReferenceRow, ReferenceRows, small_button

_EMPTY = "Draw a shape, or paint a label"
_MOST = 2  # rows


class RegionList(QWidget):
    """Chooses a layer of shapes or labels, and lists what it has.

    Parameters
    ----------
    explorer : Explorer
    """

    def __init__(self, explorer: Explorer) -> None:
        super().__init__()
        self._explorer = explorer
        self._regions: list[NamedRegion] = []
        self.layer = ComboBox(
            choices=self._choices,
            nullable=True,
            tooltip="The layer whose shapes, or labels, are references: the mean of the pixels in "
            "each. It stays as it is",
        )
        self.layer.null_string = "none"
        self.new = small_button(
            "New", "Make a layer to draw regions in, with the tool for rectangles", self._make
        )
        self.rows = ReferenceRows(_EMPTY, _MOST)
        self.rows.setToolTip(
            "The regions, in their colours; crosses are those that pixels shall be unlike. The "
            "keys +, − and Space change that for the chosen one"
        )
        self.sign = small_button(
            "+/−",
            "Look for pixels unlike the chosen region, or like it again",
            self.rows.flip_chosen,
        )
        self._lay_out()
        self._connections = Connections()
        regions = explorer.regions
        for signal, callback in (
            (regions.changed, self._show),
            (regions.candidates_changed, self._show_choices),
            (explorer.stack_changed, self._show),
            (explorer.pixel_changed, self._show),
            (explorer.vectors_read, self._show),
            (explorer.features_changed, self._show),
            (explorer.moved, self._show),
            (self.rows.sign_chosen, self._set_sign),
        ):
            self._connections.connect(signal, callback)
        self.layer.changed.connect(self._choose)
        self.rows.itemSelectionChanged.connect(self._show_buttons)
        self._show_choices()
        self._show()

    def stop(self) -> None:
        """Stop following the regions."""
        self._connections.close()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(4)
        label = PlainLabel("Regions")
        label.setToolTip(self.layer.tooltip)
        line.addWidget(label)
        line.addWidget(self.layer.native, 1)
        line.addWidget(self.sign)
        line.addWidget(self.new)
        make_narrow(self.layer.native)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(line)
        layout.addWidget(self.rows)

    def _choices(self, _: object) -> list[tuple[str, Layer]]:
        return [(one_line(layer.name), layer) for layer in self._explorer.regions.candidates]

    def _show_choices(self) -> None:
        with self.layer.changed.blocked():
            self.layer.reset_choices()
        self._show()

    def _show(self) -> None:
        regions, session = self._explorer.regions, self._explorer.session
        with self.layer.changed.blocked():
            if self.layer.value is not regions.layer:
                self.layer.reset_choices()
                self.layer.value = regions.layer
        for part in (self.rows, self.sign):
            part.setVisible(regions.layer is not None)
        is_open = session is not None and session.stack is not None
        self._regions = regions.regions_in(session) if session is not None and is_open else []
        rows = [ReferenceRow(self._text(one), one.colour, one.sign) for one in self._regions]
        self.rows.show_rows(rows, note=_note(regions.left_out) if rows else "")
        self.new.setEnabled(is_open)
        self._show_buttons()

    def _text(self, region: NamedRegion) -> str:
        session = self._explorer.session
        if session is None or not len(region.pixels):
            return f"{region.name}: outside of this stack"
        vector = session.region_vector(region.reference)
        count = len(region.pixels)
        if vector is not None and vector.left_out:
            return f"{region.name}: {vector.count} of {count} px, others not finite"
        return f"{region.name}: {count} px"

    def _show_buttons(self) -> None:
        self.sign.setEnabled(self.rows.chosen is not None)

    def _choose(self, layer: Layer | None) -> None:
        self._explorer.regions.choose(layer)

    def _make(self) -> None:
        self._explorer.add_regions()

    def _set_sign(self, row: int, sign: int) -> None:
        self._explorer.regions.set_sign(self._regions[row].number, sign)


def _note(left_out: int) -> str:
    """Return the text about regions that are too many."""
    return f"{left_out} more regions are no references" if left_out else ""
