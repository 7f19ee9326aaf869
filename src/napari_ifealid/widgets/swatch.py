"""Swatches: the colour of a reference, and whether it is looked for."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPen, QPixmap

SWATCH = 12  # pixels


def swatch(colour: str, sign: int) -> QIcon:
    """Return the colour; crossed out, as a pin is in the picture, where it is not looked for.

    Parameters
    ----------
    colour : str
        As in ``"#e69f00"``.
    sign : {1, -1}
    """
    pixmap = QPixmap(SWATCH, SWATCH)
    if sign > 0:
        pixmap.fill(QColor(colour))
        return QIcon(pixmap)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(colour), 3))
    painter.drawLine(2, 2, SWATCH - 2, SWATCH - 2)
    painter.drawLine(2, SWATCH - 2, SWATCH - 2, 2)
    painter.end()
    return QIcon(pixmap)
