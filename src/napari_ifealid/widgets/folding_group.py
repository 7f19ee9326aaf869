"""A titled part of a dock widget that can be folded, and stays as it was left."""

from __future__ import annotations

from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from napari_ifealid.widgets.preferences import is_unfolded, set_unfolded

_TITLE_STYLE = """
QPushButton, QPushButton:checked {
    background: transparent; border: 1px solid transparent; border-radius: 2px;
    text-align: left; font-weight: bold; padding: 0px 2px;
}
QPushButton:hover, QPushButton:checked:hover {background: palette(midlight);}
QPushButton:focus, QPushButton:checked:focus {border-color: palette(highlight);}
"""


class FoldingGroup(QWidget):
    """Shows or hides its content under a title.

    Parameters
    ----------
    title : str
        Also the name under which its state is remembered.
    content : QWidget

    Attributes
    ----------
    title_button : QPushButton
        Checked while the content is shown.
    """

    def __init__(self, title: str, content: QWidget) -> None:
        super().__init__()
        self._title = title
        self.title_button = QPushButton()
        self.title_button.setCheckable(True)
        self.title_button.setStyleSheet(_TITLE_STYLE)
        self.title_button.setToolTip(f"Fold or unfold “{title}”")
        self._holder = QWidget()
        within = QVBoxLayout(self._holder)
        within.setContentsMargins(4, 0, 0, 2)
        within.addWidget(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.title_button)
        layout.addWidget(self._holder)
        self.title_button.setChecked(is_unfolded(title))
        self._show(self.is_unfolded)
        self.title_button.toggled.connect(self._on_toggled)

    @property
    def is_unfolded(self) -> bool:
        """Whether the content is shown."""
        return bool(self.title_button.isChecked())

    def unfold(self) -> None:
        """Show the content."""
        self.title_button.setChecked(True)

    def fold(self) -> None:
        """Hide the content."""
        self.title_button.setChecked(False)

    def _on_toggled(self, unfolded: bool) -> None:
        self._show(unfolded)
        set_unfolded(self._title, unfolded)

    def _show(self, unfolded: bool) -> None:
        self.title_button.setText(f"{'▾' if unfolded else '▸'} {self._title}")
        self._holder.setVisible(unfolded)
