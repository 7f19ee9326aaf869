"""Combo boxes that fit into a narrow dock."""

from __future__ import annotations

from qtpy.QtWidgets import QComboBox

_STYLE = "QComboBox {padding: 3px 0px 3px 6px}"


def make_narrow(box: QComboBox) -> None:
    """Let a combo box be as narrow as its row, whatever its texts are.

    Parameters
    ----------
    box : QComboBox
    """
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setStyleSheet(_STYLE)  # less beside the text than napari leaves
