"""Labels of text that may come from files, and is shown as it is."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QWidget

from napari_ifealid.plain_text import lines

_LONGEST = 1000  # characters; more would not fit into the panel


class PlainLabel(QLabel):
    """A label whose text is never taken for HTML, has visible control characters and an end.

    Parameters
    ----------
    text : str, optional
    parent : QWidget, optional
    """

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def setText(self, text: str | None) -> None:  # noqa: N802  # the name is Qt's
        """Show a text."""
        super().setText(lines(text or "", _LONGEST))
