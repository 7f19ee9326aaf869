"""A titled part of a dock widget that can be folded, and stays as it was left."""

from __future__ import annotations

from functools import partial

from qtpy.QtCore import Qt
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget
from superqt import QCollapsible

from napari_ifealid.widgets.preferences import is_unfolded, set_unfolded

_TITLE_STYLE = """
QPushButton, QPushButton:checked {
    background: transparent; border: 1px solid transparent; border-radius: 2px;
    text-align: left; font-weight: bold; padding: 0px 2px;
}
QPushButton:hover, QPushButton:checked:hover {background: palette(midlight);}
QPushButton:focus, QPushButton:checked:focus {border-color: palette(highlight);}
"""

_ANY_HEIGHT = (1 << 24) - 1  # Qt's QWIDGETSIZE_MAX


class FoldingGroup(QCollapsible):
    """Shows or hides its content under a title.

    Parameters
    ----------
    title : str
        Also the name under which its state is remembered.
    content : QWidget
    """

    def __init__(self, title: str, content: QWidget) -> None:
        super().__init__(expandedIcon=QIcon(), collapsedIcon=QIcon())
        self.setDuration(0)  # what moves slowly is in the way
        self.toggleButton().setStyleSheet(_TITLE_STYLE)
        self.toggleButton().setToolTip(f"Fold or unfold “{title}”")
        outer = self.layout()
        assert outer is not None
        # superqt's own policy and alignment cut texts that take more than a line
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        outer.setAlignment(Qt.AlignmentFlag(0))
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(2)
        holder = QWidget()
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(4, 0, 0, 2)
        layout.addWidget(content)
        self.setContent(holder)
        self._title = title
        self.toggled.connect(self._show_title)
        if is_unfolded(title):
            self.expand(animate=False)
        else:
            self.collapse(animate=False)
            self._show_title(False)
        self.toggled.connect(partial(set_unfolded, title))

    def _show_title(self, unfolded: bool) -> None:
        self.setText(f"{'▾' if unfolded else '▸'} {self._title}")
        self.content().setVisible(unfolded)  # else Tab would go to what is folded away
        if unfolded:
            self.content().setMaximumHeight(_ANY_HEIGHT)  # texts may get another line
