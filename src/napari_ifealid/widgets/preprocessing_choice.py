"""The choice of what is done to vectors before they are compared."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QWidget

from napari_ifealid.explorer import Explorer
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.preprocessing import STEPS
from napari_ifealid.widgets.narrow_combo_box import make_narrow
from napari_ifealid.widgets.plain_label import PlainLabel

_AS_THEY_ARE = "values as they are"
_WHAT = "What is compared."


class PreprocessingChoice(QWidget):
    """One row: which values of the stack are compared.

    Parameters
    ----------
    explorer : Explorer
    """

    def __init__(self, explorer: Explorer) -> None:
        super().__init__()
        self._state = explorer.state
        self._connections = Connections()
        self.box = QComboBox()
        make_narrow(self.box)
        self.box.addItem(_AS_THEY_ARE)
        for step in STEPS:
            self.box.addItem(step.name)
            self.box.setItemData(self.box.count() - 1, step.summary, Qt.ItemDataRole.ToolTipRole)
        self._of = PlainLabel("Of")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self._of)
        row.addWidget(self.box, 1)
        self.box.currentIndexChanged.connect(self._on_index)
        self._connections.connect(self._state.events.preprocessing, self._show)
        self._show()

    def stop(self) -> None:
        """Stop following the explorer."""
        self._connections.close()

    def _on_index(self, index: int) -> None:
        self._state.preprocessing = STEPS[index - 1] if index else None

    def _show(self) -> None:
        step = self._state.preprocessing
        self.box.blockSignals(True)
        self.box.setCurrentIndex(0 if step is None else 1 + STEPS.index(step))
        self.box.blockSignals(False)
        for part in (self._of, self.box):
            part.setToolTip(_WHAT if step is None else f"{_WHAT} {step.summary}")
