"""The list of the features that make two pixels alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QListWidget, QListWidgetItem

from napari_ifealid.plain_text import one_line

LISTED = 20
"""How many features the list has at most."""

HINT = "Click a pixel to pin it first"
"""Shown while there is nothing to compare with."""

NO_DATA = "No data here"
"""Shown where the pixel under the cursor, or the pin, has none."""

_CLICKABLE = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_WIDTH = 190  # pixels
_FEATURE = Qt.ItemDataRole.UserRole


class RelevanceList(QListWidget):
    """The most relevant features, with what each contributes to the similarity.

    Attributes
    ----------
    feature_chosen : Signal(int)
        A feature was clicked, or chosen with the Enter key.
    """

    feature_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._marked: int | None = None
        self.setFixedWidth(_WIDTH)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        self.setToolTip(
            "The features that contribute most to the similarity of the pixel under the cursor "
            "and the last pin. Click one to see its image, click it again to let go"
        )
        self.itemClicked.connect(self._on_chosen)

    def show_contributions(
        self, contributions: NDArray[np.float64] | None, labels: Sequence[str]
    ) -> None:
        """List the features that contribute most, the most relevant first.

        Parameters
        ----------
        contributions : array, shape (C,), or None
            What each feature adds to the similarity; NaN of one that is not used, which is not
            listed. None: say what is missing.
        labels : sequence of str, length C
            Of the features.
        """
        values = np.empty(0) if contributions is None else contributions
        shown = most_relevant(values)
        shown = shown[np.isfinite(values[shown])][:LISTED]
        self._set_row_count(len(shown) or 1)
        if not len(shown):
            self._show_hint(NO_DATA if len(values) else HINT)
        for row, feature in enumerate(shown.tolist()):
            item = self.item(row)
            assert item is not None
            item.setText(f"{values[feature]:.4f}   {one_line(labels[feature])}")
            item.setData(_FEATURE, feature)
            item.setFlags(_CLICKABLE)
            item.setSelected(feature == self._marked)

    def mark_feature(self, feature: int | None) -> None:
        """Mark the row of the feature that is kept, if it is listed."""
        self._marked = feature
        for row in range(self.count()):
            item = self.item(row)
            if item is not None:
                item.setSelected(feature is not None and item.data(_FEATURE) == feature)

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Choose the current feature with the Enter key."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._on_chosen(self.currentItem())
        else:
            super().keyPressEvent(event)

    def _set_row_count(self, count: int) -> None:
        while self.count() > count:
            self.takeItem(self.count() - 1)
        while self.count() < count:
            self.addItem(QListWidgetItem())

    def _show_hint(self, hint: str) -> None:
        item = self.item(0)
        if item is not None:
            item.setText(hint)
            item.setData(_FEATURE, None)
            item.setFlags(Qt.ItemFlag.NoItemFlags)

    def _on_chosen(self, item: QListWidgetItem | None) -> None:
        if item is not None and item.data(_FEATURE) is not None:
            self.feature_chosen.emit(item.data(_FEATURE))


def most_relevant(contributions: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the features in the order of what they contribute, the largest first.

    Parameters
    ----------
    contributions : array, shape (C,)
        NaN comes last.

    Returns
    -------
    array of int, shape (C,)
    """
    return np.argsort(-contributions, kind="stable")
