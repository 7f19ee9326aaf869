"""A titled part of a dock widget that can be folded, and stays as it was left."""

from __future__ import annotations

from qtpy.QtCore import QMargins
from qtpy.QtWidgets import QVBoxLayout, QWidget
from superqt import QCollapsible

from napari_ifealid.widgets.preferences import is_unfolded, set_unfolded

_TITLE_STYLE = """
QPushButton {text-align: left; border: none; font-weight: bold; padding: 2px;}
QPushButton:focus {border: 1px solid palette(highlight);}
"""


class FoldingGroup(QCollapsible):  # type: ignore[misc]  # superqt is not typed
    """Shows or hides its content under a title.

    Parameters
    ----------
    title : str
        Also the name under which its state is remembered.
    content : QWidget
    """

    def __init__(self, title: str, content: QWidget) -> None:
        super().__init__(title, expandedIcon="▾", collapsedIcon="▸")
        self.setDuration(0)  # what moves slowly is in the way
        self.toggleButton().setStyleSheet(_TITLE_STYLE)
        self.toggleButton().setToolTip(f"Fold or unfold “{title}”")
        self.layout().setContentsMargins(QMargins(0, 0, 0, 0))
        self.layout().setSpacing(2)
        holder = QWidget()
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(4, 0, 0, 2)
        layout.addWidget(content)
        self.setContent(holder)
        if is_unfolded(title):
            self.expand(animate=False)
        self.toggled.connect(lambda unfolded: set_unfolded(title, unfolded))
