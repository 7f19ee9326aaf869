"""The legend of the chart: a row of its curves, beside the plot and never over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from psygnal import Signal
from qtpy.QtCore import QPoint, QSize, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from qtpy.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QSizePolicy, QWidget

from napari_ifealid.plain_text import one_line, without_mnemonic

_LINE = QSize(18, 12)  # pixels
_PLAIN, _MARKED = 2, 5  # widths of the line, pixels
_KEPT = 64  # icons: of each new one Qt keeps the picture, until it has 10 MB of them


@dataclass(frozen=True)
class LegendEntry:
    """A curve in the legend.

    Parameters
    ----------
    name : str
        Shown on one line, and cut if it is long.
    colour : str
        As in ``"#ff8800"``.
    is_dashed : bool, optional
    """

    name: str
    colour: str
    is_dashed: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", one_line(self.name))


class ChartLegend(QScrollArea):
    """A row of entries, which scrolls where it is too narrow for all of them.

    Attributes
    ----------
    clicked : Signal(int)
        Index of the entry that was clicked.
    """

    clicked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._entries: tuple[LegendEntry, ...] = ()
        self._marked: int | None = None
        self._buttons: list[QPushButton] = []
        self._icon = lru_cache(_KEPT)(_icon)
        self._content = QWidget()
        self._row = QHBoxLayout(self._content)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(2)
        self._row.addStretch()
        self.setWidget(self._content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        # themes give it a border, which would hide the edges of its entries
        self.setStyleSheet("QScrollArea { border: none; padding: 0; margin: 0 }")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its entries have it
        for set_policy in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            set_policy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def entries(self) -> tuple[LegendEntry, ...]:
        """The entries, from left to right."""
        return self._entries

    @property
    def marked(self) -> int | None:
        """Index of the entry that is marked."""
        return self._marked

    def show_entries(self, entries: Sequence[LegendEntry]) -> None:
        """Show other entries, none of them marked.

        Parameters
        ----------
        entries : sequence of LegendEntry
        """
        if tuple(entries) != self._entries:
            self._entries, self._marked = tuple(entries), None
            self._set_button_count(len(entries))
            self._draw()
            self.updateGeometry()

    def mark(self, index: int | None) -> None:
        """Mark an entry; None marks none."""
        if index != self._marked:
            self._marked = index
            self._draw()
            if index is not None:
                self.ensureWidgetVisible(self._buttons[index])

    def sizeHint(self) -> QSize:  # noqa: N802  # the name is Qt's
        """Return the height of an entry, and no width: what there is, is used."""
        return QSize(0, self._buttons[0].sizeHint().height() if self._buttons else 0)

    def minimumSizeHint(self) -> QSize:  # noqa: N802  # the name is Qt's
        """Return the same."""
        return self.sizeHint()

    def wheelEvent(self, event: Any) -> None:  # noqa: N802  # the name is Qt's
        """Scroll sideways."""
        bar, turned = self.horizontalScrollBar(), event.angleDelta()
        if bar is not None:
            bar.setValue(bar.value() - turned.x() - turned.y())
        event.accept()

    def _set_button_count(self, count: int) -> None:
        while len(self._buttons) > count:
            self._buttons.pop().deleteLater()
        while len(self._buttons) < count:
            button = QPushButton()
            button.setFlat(True)
            button.setIconSize(_LINE)
            button.clicked.connect(partial(self._on_clicked, len(self._buttons)))
            self._row.insertWidget(len(self._buttons), button)
            self._buttons.append(button)

    def _draw(self) -> None:
        for number, (button, entry) in enumerate(zip(self._buttons, self._entries, strict=True)):
            is_marked = number == self._marked
            button.setText(without_mnemonic(entry.name))
            width = _MARKED if is_marked else _PLAIN
            button.setIcon(self._icon(entry.colour, entry.is_dashed, width))
            font = self.font()
            font.setBold(is_marked)
            button.setFont(font)
            button.setToolTip("Mark the curve, and its pin in the picture; click again to unmark")

    def _on_clicked(self, index: int, _: bool = False) -> None:  # PySide6 leaves it out
        self.clicked.emit(index)


def _icon(colour: str, is_dashed: bool, width: int) -> QIcon:
    picture = QPixmap(_LINE)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    style = Qt.PenStyle.DashLine if is_dashed else Qt.PenStyle.SolidLine
    pen = QPen(QColor(colour), width, style)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    middle = _LINE.height() // 2
    painter.drawLine(QPoint(0, middle), QPoint(_LINE.width(), middle))
    painter.end()
    return QIcon(picture)
