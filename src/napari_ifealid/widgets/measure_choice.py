"""The choice of the measure, and of how its values are told."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QWidget

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.measures import MEASURES
from napari_ifealid.widgets.narrow_combo_box import make_narrow
from napari_ifealid.widgets.plain_label import PlainLabel

_SHARES = 4, 3  # of the row; measures have the longer names


class MeasureChoice(QWidget):
    """One row: by which measure pixels are compared, and the scale of its values.

    Parameters
    ----------
    explorer : Explorer
    """

    def __init__(self, explorer: Explorer) -> None:
        super().__init__()
        self._explorer = explorer
        self._connections = Connections()
        self.measure = _combo_box()
        _fill(self.measure, [(one.name, one.summary) for one in MEASURES])
        self.scale = _combo_box()
        self._by = PlainLabel("By")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self._by)
        row.addWidget(self.measure, _SHARES[0])
        row.addWidget(self.scale, _SHARES[1])
        self.measure.currentIndexChanged.connect(self._on_measure)
        self.scale.currentIndexChanged.connect(self._on_scale)
        events = explorer.state.events
        self._connections.connect(events.measure, self._show)
        self._connections.connect(events.scale, self._show)
        self._show()

    def stop(self) -> None:
        """Stop following the explorer."""
        self._connections.close()

    def _on_measure(self, index: int) -> None:
        self._explorer.state.measure = MEASURES[index]

    def _on_scale(self, index: int) -> None:
        self._explorer.state.scale = self._explorer.state.measure.scales[index]

    def _show(self) -> None:
        state = self._explorer.state
        scale = state.measure.scale_like(state.scale)
        self.measure.blockSignals(True)
        self.measure.setCurrentIndex(MEASURES.index(state.measure))
        for part in (self._by, self.measure):
            part.setToolTip(f"How pixels are compared. {state.measure.summary}")
        self.measure.blockSignals(False)
        self.scale.blockSignals(True)
        self.scale.clear()
        _fill(self.scale, [(one.name, one.summary) for one in state.measure.scales])
        self.scale.setCurrentIndex(state.measure.scales.index(scale))
        self.scale.setToolTip(
            f"Shown as: how the threshold and the limits of the colours are told. {scale.summary}"
        )
        self.scale.setEnabled(len(state.measure.scales) > 1)
        self.scale.blockSignals(False)


def _combo_box() -> QComboBox:
    box = QComboBox()
    make_narrow(box)
    return box


def _fill(box: QComboBox, items: Sequence[tuple[str, str]]) -> None:
    """Add items, each with its tooltip."""
    for text, tooltip in items:
        box.addItem(text)
        box.setItemData(box.count() - 1, tooltip, Qt.ItemDataRole.ToolTipRole)
